import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type NatsServerFault = 'notFound' | 'portInUse' | 'failed';

/** A NATS server could not be found or started. */
export class NatsServerError extends Error {
  override readonly name = 'NatsServerError';
  readonly fault: NatsServerFault;
  readonly remedy: string;
  constructor(fault: NatsServerFault, message: string, remedy: string) {
    super(message);
    this.fault = fault;
    this.remedy = remedy;
  }
}

/** Debian installs servers where the PATH of a user does not look. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

export const INSTALL_REMEDY =
  'Install it (Debian, Ubuntu: apt-get install nats-server; macOS: brew install nats-server; else ' +
  'https://github.com/nats-io/nats-server/releases) or name the program in CPNS_NATS_SERVER.';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Path of the `nats-server` program: `CPNS_NATS_SERVER`, else the first on PATH or in the usual places for servers.
 * @throws NatsServerError `notFound`
 */
export function findNatsServer(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = env['CPNS_NATS_SERVER'];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new NatsServerError('notFound', `CPNS_NATS_SERVER names ${named}, which is no program`, INSTALL_REMEDY);
  }
  const places = [...(env['PATH'] ?? '').split(delimiter), ...MORE_PLACES].filter((place) => place !== '');
  const found = places.map((place) => join(place, 'nats-server')).find(isProgram);
  if (found === undefined) throw new NatsServerError('notFound', 'nats-server is not installed', INSTALL_REMEDY);
  return found;
}
