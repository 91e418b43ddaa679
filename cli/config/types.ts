import type { SessionSettings } from '../../actors/sessions/data/port.ts';
import type { LinkLimits, ServerLimits } from '../../actors/roles/rate-limits.ts';
import type { UsageSettings } from '../../actors/sessions/data/usage.ts';
import type { NatsUser } from '../../wire/nats-user.ts';
import type { PersonalFields } from '../../events/fields.ts';
import type { Credential as DeviceCredential } from '../../security/registration-handshake.ts';
import type { CheckpointOptions } from './checkpoints.ts';
import type { Kek } from './kek.ts';
import type { ServerPki } from './pki.ts';
import type { SecretFiles } from './secret-file.ts';

/** What a role is started with: everything read, checked and decoded. Paths are absolute, secrets are bytes. */

export type JoinPolicy = 'open' | 'approval' | 'closed';

/** How a process reaches NATS. */
export interface NatsAccess {
  readonly natsUrls: readonly string[];
  /** Null: it does not authenticate. */
  readonly natsUser: NatsUser | null;
  /** Certificates, PEM; null: those of the system. */
  readonly natsCa: string | null;
}

/** Which files of secrets were in plain, so far. */
type PlainFiles = Pick<SecretFiles, 'plain'>;

interface RoleOptions extends NatsAccess {
  /** Journal: a file, or the address of a PostgreSQL database. */
  readonly journal: string;
  /** The key that encrypts the keys in the journal, and the secrets of the role. */
  readonly kek: Kek;
  /** Null: no checkpoints are signed. */
  readonly checkpoints: CheckpointOptions | null;
  readonly secrets: PlainFiles;
}

export interface Credential {
  readonly id: string;
  /** Pre-shared secret, 32 bytes. */
  readonly psk: Uint8Array;
}

export interface ProvisionedPn {
  readonly id: string;
  readonly gatewayId: string;
  readonly joinPolicy: JoinPolicy;
  /** Device ids. */
  readonly members: readonly string[];
}

export interface ServerOptions extends RoleOptions {
  /** The operator's id key, 32 bytes: CPNS IDs are derived from it. */
  readonly idKey: Uint8Array;
  readonly limits: ServerLimits;
  /** How many secrets in the file of credentials are not encrypted. */
  readonly plainCredentials: number;
  readonly gateways: readonly Credential[];
  readonly pns: readonly ProvisionedPn[];
  /** What is personal about devices, by device id. */
  readonly personal: ReadonlyMap<string, PersonalFields>;
  readonly pnes: readonly Credential[];
  readonly services: readonly Credential[];
  readonly operators: readonly Credential[];
  /** Ids of those that have a certificate; none of them is in the lists above. */
  readonly certified: Readonly<Record<'gateways' | 'pnes', readonly string[]>>;
  /** Null: nobody has a certificate. */
  readonly pki: ServerPki | null;
  readonly session: SessionSettings;
  readonly usage: UsageSettings;
  /** Events after which the state of an actor is kept. */
  readonly snapshotEvery: number;
}

/** An application of the operator; it keeps no journal. */
export interface ServiceOptions extends NatsAccess {
  readonly serviceId: string;
  /** Shared with the server, 32 bytes. */
  readonly secret: Uint8Array;
  readonly secrets: PlainFiles;
}

/** Whoever decides for the operator while servers run. */
export interface OperatorOptions extends NatsAccess {
  readonly operatorId: string;
  /** Shared with the server, 32 bytes. */
  readonly secret: Uint8Array;
  readonly secrets: PlainFiles;
}

export interface GatewayOptions extends RoleOptions {
  readonly gatewayId: string;
  /** Reads the files of a certificate anew. @throws ConfigError when they cannot be used */
  readonly credential: () => DeviceCredential;
  /** Ids of the PNs that it establishes. */
  readonly pns: readonly string[];
  /** Whether devices that are not members may be paired. */
  readonly pairing: 'permitted' | 'forbidden';
  readonly limits: LinkLimits;
  readonly usage: UsageSettings;
  /** Events after which the state of an actor is kept. */
  readonly snapshotEvery: number;
}

export interface PneDevice {
  readonly deviceId: string;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly credential: DeviceCredential;
  /** `needed`: the device is a stranger and is paired before it asks (1.4.2 step 1). */
  readonly pairing: 'needed' | 'none';
  /** What it tells the server of its user and itself. */
  readonly about?: PersonalFields;
}

export interface PneOptions extends RoleOptions {
  readonly devices: readonly PneDevice[];
  readonly session: SessionSettings;
}
