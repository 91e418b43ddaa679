/** A condition that has not come true by then never will: no test depends on it, it only ends a hang and says of what. */
const DEADLINE_MS = 60_000;
const STEP_MS = 2;

/** Waits until a condition holds. Fails after `DEADLINE_MS` with what was awaited. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
