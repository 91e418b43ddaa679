import type { Permissions } from '../../wire/permissions.ts';
import { MAX_PAYLOAD_BYTES } from '../../wire/subject.ts';

/** Texts of the configuration of a nats-server. */

export interface NatsServerSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** Absolute paths of PEM files. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Whether somebody asked for these: then a file that says otherwise is told of. */
  readonly origin: 'options' | 'defaults';
}

export const LOOPBACK_SERVER: NatsServerSettings = {
  listen: { host: '127.0.0.1', port: 4222 },
  tls: null,
  origin: 'defaults',
};

export const NATS_SERVER_FILE = 'nats/nats-server.conf';
const USERS_FILE_NAME = 'users.conf';
export const NATS_USERS_FILE = `nats/${USERS_FILE_NAME}`;

const quoted = (text: string): string => JSON.stringify(text);

export function serverText({ listen: { host, port }, tls }: NatsServerSettings): string {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return [
    '# Written by cpns provision, once: what is changed here stays. Use: nats-server --config nats-server.conf',
    `listen: ${quoted(address)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    ...(tls === null
      ? []
      : ['tls: {', `  cert_file: ${quoted(tls.certFile)}`, `  key_file: ${quoted(tls.keyFile)}`, '}']),
    `include ${quoted(USERS_FILE_NAME)}`,
    '',
  ].join('\n');
}

export interface NatsUserEntry {
  readonly name: string;
  readonly publicKey: string;
  readonly permissions: Permissions;
}

export function usersText(users: readonly NatsUserEntry[]): string {
  return [
    '# Written by cpns provision, and anew whenever the configuration of the roles has changed: change nothing here.',
    '# A running server takes it after: nats-server --signal reload',
    'authorization: {',
    '  users: [',
    ...users.flatMap(({ name, publicKey, permissions }) => [
      `    # ${name}`,
      `    { nkey: ${quoted(publicKey)}, permissions: {`,
      `      publish: { allow: ${allowed(name, permissions.publish)} }`,
      `      subscribe: { allow: ${allowed(name, permissions.subscribe)} }`,
      '    } }',
    ]),
    '  ]',
    '}',
    '',
  ].join('\n');
}

/** nats-server takes an empty list for no restriction at all. */
function allowed(name: string, subjects: readonly string[]): string {
  if (subjects.length === 0) throw new RangeError(`The NATS user of ${name} would be allowed everything.`);
  return `[${subjects.map(quoted).join(', ')}]`;
}
