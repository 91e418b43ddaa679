/** What has not happened by then never will: hundreds of times what it takes on an idle machine. */
const DEADLINE_MS = 60_000;
const STEP_MS = 5;

/** Waits until `look` finds something other than null and false. Fails with what was awaited, and what is there instead. */
export async function until<T>(
  what: string,
  look: () => T | null | false | Promise<T | null | false>,
  instead: () => string = () => '',
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms\n${instead()}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
