import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { PostgresServer } from '../../cli/postgres-server.ts';
import { startPostgres } from './server.ts';

/** What the file holds that `postgresAddress` names. */
export type Started = { readonly server: string } | { readonly error: string };

declare module 'vitest' {
  interface ProvidedContext {
    /** File with the `Started` of this run, there as soon as it is known. */
    readonly postgresAddress: string;
  }
}

let starting: Promise<PostgresServer | null> | null = null;
let folder = '';

/** One PostgreSQL server for a run of the tests. It starts beside the first of them; those that need it wait. */
export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), 'cpns-pg-address-'));
  const file = join(folder, 'started.json');
  project.provide('postgresAddress', file);
  const tell = (started: Started): void => {
    writeFileSync(`${file}.new`, JSON.stringify(started), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  starting = startPostgres().then(
    (server) => {
      tell({ server: server.url('') });
      return server;
    },
    (error: unknown) => {
      tell({ error: error instanceof Error ? error.message : String(error) });
      return null;
    },
  );
}

export async function teardown(): Promise<void> {
  await (await starting)?.stop();
  rmSync(folder, { recursive: true });
}
