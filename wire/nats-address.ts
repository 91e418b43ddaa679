import type { Authenticator } from '@nats-io/transport-node';
import { usernamePasswordAuthenticator } from '@nats-io/transport-node';
import { WireError } from './port.ts';

const DEFAULT_PORT = '4222';

/** Where a NATS server is. The address is fit for a log line: credentials in the URL end up in the authenticator only. */
export interface NatsAddress {
  /** `host:port` */
  readonly address: string;
  /** Name or IP address that the server's certificate must be for. Null without TLS. */
  readonly certifiedHost: string | null;
  readonly authenticator: Authenticator | null;
}

/**
 * @param server `nats://[user:password@]host[:port]`, `tls://` for one that is reached by TLS only, or `host[:port]`
 * @throws WireError `refused` when it is neither
 */
export function parseNatsAddress(server: string): NatsAddress {
  const text = server.includes('://') ? server : `nats://${server}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(nats|tls):$/.test(url.protocol) || url.hostname === '') {
    throw new WireError(
      'refused',
      'malformed address of a NATS server',
      'Write it as nats://host:port or tls://host:port.',
    );
  }
  return {
    address: `${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}`,
    certifiedHost: url.protocol === 'tls:' ? url.hostname.replace(/^\[(.*)\]$/, '$1') : null,
    authenticator:
      url.username === ''
        ? null
        : usernamePasswordAuthenticator(decodeURIComponent(url.username), decodeURIComponent(url.password)),
  };
}
