import { startPostgresServer, type PostgresServer } from '../../cli/postgres-server.ts';

/** Part of every address of the tests: nothing that anybody prints may hold it. */
export const PASSWORD = 'never-to-be-shown';

/** Starts a server with these settings, e.g. `fsync=off`. */
export function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  return startPostgresServer({ password: PASSWORD, settings });
}
