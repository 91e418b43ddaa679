import type { ClientConfig } from 'pg';
import pgpass from 'pgpass';

const DEFAULT_PORT = 5_432;

/** As `pg` does it by itself, with a warning that it will not for long: PGPASSFILE where neither address nor PGPASSWORD has one. */
export function passwordOf(config: ClientConfig): Pick<ClientConfig, 'password'> {
  if ((config.password ?? '') !== '' || process.env['PGPASSWORD'] !== undefined) return {};
  const { host, port = Number(process.env['PGPORT'] ?? DEFAULT_PORT), user, database } = config;
  const place = { host: host ?? process.env['PGHOST'] ?? 'localhost', port, user, database };
  return { password: () => new Promise((resolve) => pgpass(place, (password) => resolve(password ?? ''))) };
}
