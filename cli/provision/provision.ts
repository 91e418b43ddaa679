import type { Household, HouseholdPne } from '../config/household.ts';
import { deviceNamed, gatewayNamed } from '../../security/pki/identity.ts';
import { OperatorDirectory, type SecretPlace, type Step } from './directory.ts';
import { kekOfServer, knownCredentials, storedCredentials, type CredentialTable } from './known.ts';
import { provisionCheckpointKey } from './checkpoint-key.ts';
import { writeConfig } from './entries.ts';
import { LOOPBACK_SERVER, type NatsServerSettings } from './nats-server-config.ts';
import { NATS_CA_FILE, writeNats } from './nats.ts';
import { filesOf } from './pki-files.ts';
import { Authority } from './pki.ts';
import { keyElsewhere, needed } from './ring.ts';
import { CREDENTIALS_FILE, credentialsConfig } from './files/credentials.ts';
import { gatewayConfig } from './files/gateway.ts';
import { allPnesConfig, pneConfig } from './files/pne.ts';
import { hasCertificates, serverConfig } from './files/server.ts';
import { serviceConfig } from './files/service.ts';
import { operatorConfig } from './files/operator.ts';
import { BY_CERTIFICATE } from '../config/credentials-file.ts';
import { operatorRings, ringOf } from './operator-rings.ts';

export interface ProvisionOptions {
  /** The operator directory, made when it is not there. */
  readonly out: string;
  /** NATS server that new files name. */
  readonly nats: string;
  /** Certificates, PEM, that new files trust it by; default: those of the system. */
  readonly natsCa?: string;
  /** Default: a NATS server on the default port of the loopback interface. */
  readonly natsServer?: NatsServerSettings;
  /** Unix time in milliseconds: certificates start here. */
  readonly nowMs: number;
  /** Cryptographically secure random bytes. */
  readonly bytes: (length: number) => Uint8Array;
  /** What `CPNS_KEYRING_KEY` held: the key-encryption key of server and authority, in the place of their key files. */
  readonly keyringKey?: string;
}

/**
 * Stands in for what the change request leaves out of scope: how secrets come to devices, gateways and operator. Writes
 * an operator directory, or adds to it what is new in the household. May be stopped at any moment and run again.
 * @throws UsageError on a directory that it did not write, ConfigError on a file in it that cannot be used
 */
export function provision(wanted: Household, options: ProvisionOptions): readonly Step[] {
  const directory = new OperatorDirectory(options.out, options.bytes);
  const known = knownCredentials(directory, kekOfServer(directory, options.keyringKey));
  const rings = operatorRings(directory, options.keyringKey);
  const household = withKnownCredentials(wanted, known, directory);
  const authority = hasCertificates(household) ? new Authority(directory, { ...options, rings }) : null;
  const nats = { url: options.nats, caFile: options.natsCa === undefined ? null : NATS_CA_FILE };
  if (options.natsCa !== undefined)
    directory.propose(NATS_CA_FILE, options.natsCa, 'certificates that the NATS server is trusted by');

  const { keyring } = needed(rings.server(), CREDENTIALS_FILE);
  directory.secret(
    { file: 'server.id-key', name: 'id-key', ring: rings.server(), detail: 'CPNS IDs are derived from it' },
    () => directory.newSecret(),
  );
  directory.natsUser('server.nk', 'NATS user of the server');
  provisionCheckpointKey(directory, rings.checkpoint(), options.bytes);
  const gateways = household.gateways.map((gateway) => {
    const before = known.gateways[gateway.id];
    const byCertificate = authority !== null && gateway.credential === 'pki';
    const { kek, psk, key, pskName } = filesOf(gatewayNamed(gateway.id));
    const ring = ringOf(directory, kek, `encrypts the keys and the secret of the PN GW ${gateway.id}`, [psk, key]);
    if (byCertificate) authority.provision(gatewayNamed(gateway.id), 'right', ring);
    const place = { file: psk, name: pskName, ring, detail: `secret of the PN GW ${gateway.id}` };
    const credential = byCertificate ? BY_CERTIFICATE : sharedSecret(directory, place, before);
    directory.natsUser(`gateways/${gateway.id}.nk`, `NATS user of the PN GW ${gateway.id}`);
    writeConfig(directory, gatewayConfig(household, gateway, nats));
    return [gateway.id, credential] as const;
  });
  const pnes = household.pnes.map((pne) => {
    const before = known.pnes[pne.id];
    const byCertificate = authority !== null && pne.credential === 'pki';
    const { kek, psk, key, pskName } = filesOf(deviceNamed(pne.id));
    const ring = ringOf(directory, kek, `encrypts the keys and the secret of the PNE ${pne.id}`, [psk, key]);
    if (byCertificate) authority.provision(deviceNamed(pne.id), pne.demo.secret, ring);
    const place = { file: psk, name: pskName, ring, detail: `secret of the PNE ${pne.id}` };
    const credential = byCertificate ? BY_CERTIFICATE : secretOfPne(directory, pne, place, before);
    directory.natsUser(`pnes/${pne.id}.nk`, `NATS user of the PNE ${pne.id}`);
    writeConfig(directory, pneConfig(pne, nats));
    return [pne.id, credential] as const;
  });
  if (household.pnes.length > 0) {
    directory.keyFile('pnes.key', 'encrypts the keys in the journal of all PNEs in one process');
    directory.natsUser('pnes.nk', 'NATS user of all PNEs in one process');
    writeConfig(directory, allPnesConfig(household, nats));
  }
  /** Whoever shares a secret with the server and keeps no journal. */
  const sharing = (
    kind: 'services' | 'operators',
    what: string,
    ids: readonly string[],
    write: (id: string) => void,
  ): Readonly<Record<string, string>> => {
    if (ids.length > 0) directory.folder(kind);
    const secrets = ids.map((id) => {
      const file = `${kind}/${id}.psk`;
      const ring = ringOf(directory, `${kind}/${id}.key`, `encrypts the secret of the ${what} ${id}`, [file]);
      const place = { file, name: `credential/${kind}/${id}`, ring, detail: `secret of the ${what} ${id}` } as const;
      const secret = sharedSecret(directory, place, known[kind]?.[id]);
      directory.natsUser(`${kind}/${id}.nk`, `NATS user of the ${what} ${id}`);
      write(id);
      return [id, secret] as const;
    });
    return Object.fromEntries(secrets);
  };
  const services = sharing('services', 'service', household.services, (id) =>
    writeConfig(directory, serviceConfig(id, nats)),
  );
  const operators = sharing('operators', 'operator', household.operators, (id) =>
    writeConfig(directory, operatorConfig(id, nats)),
  );
  const credentials: CredentialTable = {
    gateways: Object.fromEntries(gateways),
    pnes: Object.fromEntries(pnes),
    ...(household.services.length === 0 ? {} : { services }),
    ...(household.operators.length === 0 ? {} : { operators }),
  };
  writeConfig(directory, credentialsConfig(storedCredentials(credentials, keyring)));
  writeConfig(directory, serverConfig(household, nats));
  writeNats(directory, options.natsServer ?? LOOPBACK_SERVER);
  return directory.steps;
}

/** @returns the secret that the server is to know: the one before, where there was one */
function sharedSecret(directory: OperatorDirectory, place: SecretPlace, before: string | undefined): string {
  const own = directory.secret(place, () => before ?? directory.newSecret())?.trim();
  const credential = before ?? own;
  if (credential === undefined) throw keyElsewhere(place.file);
  if (own !== undefined && own !== credential)
    directory.note('differs', place.file, 'is not the one that the server knows');
  return credential;
}

/** The same, for a device that the household may want to hold a wrong one. */
function secretOfPne(
  directory: OperatorDirectory,
  pne: HouseholdPne,
  place: SecretPlace,
  before: string | undefined,
): string {
  if (pne.demo.secret === 'right') return sharedSecret(directory, place, before);
  const own = directory.secret(place, () => directory.newSecret())?.trim();
  const credential = before ?? directory.newSecret().trim();
  if (own === credential) directory.note('differs', place.file, 'is right, the household says wrong');
  return credential;
}

/** Whom the server knows already keeps the kind of its credential, whatever the household says now. */
function withKnownCredentials(household: Household, known: CredentialTable, directory: OperatorDirectory): Household {
  const asKnown =
    (table: CredentialTable['pnes']) =>
    <T extends { readonly id: string; readonly credential: 'psk' | 'pki' }>(one: T): T => {
      const before = table[one.id];
      const credential = before === BY_CERTIFICATE ? 'pki' : 'psk';
      if (before === undefined || credential === one.credential) return one;
      const detail = `credential of ${one.id} is ${credential}, the household says ${one.credential}`;
      directory.note('differs', CREDENTIALS_FILE, detail);
      return { ...one, credential };
    };
  return {
    ...household,
    gateways: household.gateways.map(asKnown(known.gateways)),
    pnes: household.pnes.map(asKnown(known.pnes)),
  };
}
