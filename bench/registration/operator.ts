import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { systemEntropy } from '../../seams/entropy.ts';
import type { GatewayFile } from '../../cli/config/gateway.ts';
import type { PneFile } from '../../cli/config/pne.ts';
import { encodeSecret, SECRET_BYTES } from '../../cli/config/secrets.ts';
import type { ServerFile } from '../../cli/config/server.ts';
import type { CredentialsFile } from '../../cli/config/credentials-file.ts';

/** Above what either contestant can do: the benchmark is one PN GW that brings thousands of devices at once. */
const UNLIMITED = { burst: 1_000_000, perSecond: 1_000_000 };
const limits = { gateway: { requests: UNLIMITED, frames: UNLIMITED } };

/** One PN GW; its process is one unit of serialisation, as in the field. */
export const GATEWAY = 'hub';

export type ServerConfig = z.infer<typeof ServerFile>;
export type Credentials = z.infer<typeof CredentialsFile>;
export type PneConfig = z.infer<typeof PneFile>;

const SECRET_MODE = 0o600;

/**
 * Writes what `cpns provision` would write for so many members in so many PNs (JSON is YAML): `server.yaml`,
 * `gateway.yaml`, `pnes.yaml`, the credentials and a secret file for each device. Journals and NATS come by flag.
 */
export function writeOperatorDirectory(dir: string, size: { readonly pns: number; readonly devices: number }): void {
  mkdirSync(join(dir, 'pnes'));
  const secret = (file: string): string => {
    const text = encodeSecret(systemEntropy.bytes(SECRET_BYTES));
    writeFileSync(join(dir, file), text, { mode: SECRET_MODE });
    return text.trim();
  };
  const config = (file: string, content: object): void =>
    writeFileSync(join(dir, file), JSON.stringify(content), { mode: SECRET_MODE });

  const devices = Array.from({ length: size.devices }, (_, i) => {
    const deviceId = `device-${i}`;
    return { deviceId, pnId: `pn-${i % size.pns}`, gatewayId: GATEWAY, pskFile: `pnes/${deviceId}.psk` };
  });
  const members = Map.groupBy(devices, ({ pnId }) => pnId);
  const pnes: PneConfig = { keyFile: 'pnes.key', devices };
  const server: ServerConfig = {
    keyFile: 'server.key',
    idKeyFile: 'server.id-key',
    credentialsFile: 'server.credentials.yaml',
    limits,
    pns: [...members].map(([id, own]) => ({
      id,
      gatewayId: GATEWAY,
      joinPolicy: 'closed',
      members: own.map(({ deviceId }) => deviceId),
    })),
  };
  const gateway: z.infer<typeof GatewayFile> = {
    keyFile: 'gateway.key',
    gatewayId: GATEWAY,
    pskFile: 'gateway.psk',
    limits,
    pns: [...members.keys()],
  };
  const credentials: Credentials = {
    gateways: { [GATEWAY]: secret('gateway.psk') },
    pnes: Object.fromEntries(devices.map(({ deviceId, pskFile }) => [deviceId, secret(pskFile)])),
  };
  secret('server.id-key');
  config('server.yaml', server);
  config('gateway.yaml', gateway);
  config('pnes.yaml', pnes);
  config('server.credentials.yaml', credentials);
}
