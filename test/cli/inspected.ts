import { z } from 'zod';
import { FakeHost } from './fake-host.ts';
import { eventually } from '../postgres/database.ts';

/** `cpns` serving its page in this process, asked as the page asks. */
export interface Inspected {
  get(path: string): Promise<unknown>;
  /** State of each actor, by its stream. */
  states(): Promise<ReadonlyMap<string, string>>;
  readonly stderr: string;
  /** @returns its exit code */
  end(): Promise<number>;
}

const Actors = z.object({
  actors: z.array(z.object({ stream: z.string(), standing: z.object({ state: z.string() }) })),
});

export async function inspected(folder: string, ...argv: readonly string[]): Promise<Inspected> {
  const host = new FakeHost(folder);
  const running = host.run(...argv, '--json');
  await Promise.race([
    eventually(() => JSON.parse(host.stdout)),
    running.then((code) => {
      throw new Error(`It ended with ${code}: ${host.stderr}`);
    }),
  ]);
  const { url }: { readonly url: string } = JSON.parse(host.stdout);
  const signedIn = await fetch(url, { redirect: 'manual' });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const get = async (path: string): Promise<unknown> =>
    await (await fetch(new URL(path, url), { headers: { cookie } })).json();
  return {
    get,
    async states() {
      const { actors } = Actors.parse(await get('/api/actors'));
      return new Map(actors.map(({ stream, standing: { state } }) => [stream, state]));
    },
    get stderr() {
      return host.stderr;
    },
    end() {
      host.send('SIGINT');
      return running;
    },
  };
}
