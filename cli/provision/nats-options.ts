import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { DEFAULT_NATS_URL } from '../config/fields.ts';
import { readCertificates } from '../config/nats.ts';
import { fileReason, UsageError } from '../errors.ts';
import type { NatsServerSettings } from './nats-server-config.ts';

/** What `cpns provision` is told about NATS. */
export interface NatsServerFlags {
  readonly nats?: string;
  readonly listen?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

const DEFAULT_PORT = 4222;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function endpointOf(url: string): Endpoint {
  if (!URL.canParse(url))
    throw new UsageError('The port of a NATS server is over 65535', 'Write it as host:port, such as 127.0.0.1:4222.');
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? DEFAULT_PORT : Number(port) };
}

/**
 * What the NATS server is configured with.
 * @throws UsageError, ConfigError for a certificate that cannot be used
 */
export function natsServerSettings(flags: NatsServerFlags, cwd: string): NatsServerSettings {
  const { nats, listen, tlsCert, tlsKey } = flags;
  const named = endpointOf(nats ?? DEFAULT_NATS_URL);
  const asked = listen === undefined ? null : endpointOf(`nats://${listen}`);
  const endpoint = asked ?? (isLoopback(named.host) ? named : { host: '127.0.0.1', port: named.port });
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError('A certificate needs its key', 'Give both --tls-cert and --tls-key.');
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? null
      : { certFile: certificates(cwd, tlsCert), keyFile: readable(cwd, tlsKey) };
  if (tls === null && !isLoopback(endpoint.host))
    throw new UsageError(
      `A NATS server that listens on ${endpoint.host} without TLS can be read and altered on the way`,
      'Give --tls-cert and --tls-key, or listen on 127.0.0.1.',
    );
  return { listen: endpoint, tls, origin: asked === null && tls === null ? 'defaults' : 'options' };
}

/**
 * The address that new configuration files name.
 * @throws UsageError
 */
export function natsUrlOf(
  { nats, listen }: NatsServerFlags,
  { listen: { host, port }, tls }: NatsServerSettings,
): string {
  const scheme = tls === null ? 'nats' : 'tls';
  if (nats !== undefined) {
    if (tls !== null && !nats.startsWith('tls://'))
      throw new UsageError('The NATS server asks for TLS, and --nats names it without', 'Write --nats tls://...');
    return nats;
  }
  if (listen === undefined && tls === null) return DEFAULT_NATS_URL;
  if (isEveryAddress(host))
    throw new UsageError(`${host} is every address of the server, and none to connect to`, 'Name one with --nats.');
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function certificates(cwd: string, file: string): string {
  const path = resolve(cwd, file);
  readCertificates(path);
  return path;
}

function readable(cwd: string, file: string): string {
  const path = resolve(cwd, file);
  try {
    accessSync(path, constants.R_OK);
    return path;
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${fileReason(error)}`, 'Check the path.', { cause: error });
  }
}
