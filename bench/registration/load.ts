import { createInterface } from 'node:readline';

/** What the orchestrator asks of a PNE process: so many registrations, so many of them in flight. */
export interface Load {
  readonly count: number;
  readonly inFlight: number;
}

export interface Loaded {
  readonly elapsedMs: number;
  /** From the wish to register to the commit of the confirmed session, one of each registration. */
  readonly latenciesMs: readonly number[];
}

/**
 * Takes loads as JSON lines from standard input, answers each with one line, until the input ends. Every device
 * registers once: the next load goes on where the last one ended.
 * @param register resolves with the response code once the secure session is confirmed
 */
export async function serveLoads(
  deviceIds: readonly string[],
  register: (deviceId: string) => Promise<number>,
): Promise<void> {
  const unused = deviceIds.values();
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const load: Load = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await run(load, unused, register))}\n`);
  }
}

async function run(
  { count, inFlight }: Load,
  unused: Iterator<string>,
  register: (deviceId: string) => Promise<number>,
): Promise<Loaded> {
  const latenciesMs: number[] = [];
  let started = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const { value: deviceId, done } = unused.next();
      if (done === true) throw new Error('More registrations were asked for than there are devices.');
      const startMs = performance.now();
      const code = await register(deviceId);
      if (code !== 200) throw new Error(`${deviceId} was answered ${code}.`);
      latenciesMs.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  return { elapsedMs: performance.now() - startMs, latenciesMs };
}
