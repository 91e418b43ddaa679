import { dirname, resolve } from 'node:path';
import { journalHoldsPassword, resolveJournal } from '../journal/open.ts';
import type { ConfigDocument } from './document.ts';
import { ConfigError, type Problem } from './problems.ts';
import { refuseOpenToOthers } from './private-text.ts';

/**
 * Every setting of the roles that is one value: its field in the file, its flag, its variable.
 * Precedence: flag, variable, file, default. A secret is never a value here, only the file that holds it; the one secret
 * that a variable may hold, the key-encryption key, is in `kek.ts`.
 */
export const SETTINGS = {
  config: {
    flag: '--config <file>',
    env: 'CPNS_CONFIG',
    says: 'YAML file with the settings; relative paths in it start at its folder',
  },
  nats: {
    flag: '--nats <url>',
    env: 'CPNS_NATS',
    says: 'NATS server; repeat it or separate by commas for several (default: nats://127.0.0.1:4222)',
  },
  natsSeedFile: {
    flag: '--nats-seed-file <file>',
    env: 'CPNS_NATS_SEED_FILE',
    says: 'file of the nkey seed that it authenticates with to the NATS server (default: it does not)',
  },
  natsCa: {
    flag: '--nats-ca <file>',
    env: 'CPNS_NATS_CA',
    says: 'PEM file of the certificates that trust tls:// servers (default: those of the system)',
  },
  journal: {
    flag: '--journal <file>',
    env: 'CPNS_JOURNAL',
    says: 'journal of this role, made when it is not there; or a PostgreSQL database: postgres://user@host/database',
  },
  keyFile: {
    flag: '--key-file <file>',
    env: 'CPNS_KEY_FILE',
    says: 'file of the key that encrypts the keys in the journal, and the secrets of the role',
  },
  idKeyFile: {
    flag: '--id-key-file <file>',
    env: 'CPNS_ID_KEY_FILE',
    says: 'file of the key that CPNS IDs are derived from',
  },
  credentialsFile: {
    flag: '--credentials-file <file>',
    env: 'CPNS_CREDENTIALS_FILE',
    says: 'YAML file of the secrets of gateways, PNEs, services and operators',
  },
  gatewayId: { flag: '--gateway-id <id>', env: 'CPNS_GATEWAY_ID', says: 'id of the PN GW' },
  pns: {
    flag: '--pns <ids>',
    env: 'CPNS_PNS',
    says: 'PNs that the gateway establishes; repeat it or separate by commas',
  },
  pskFile: { flag: '--psk-file <file>', env: 'CPNS_PSK_FILE', says: 'file of the pre-shared secret' },
  serviceId: { flag: '--service-id <id>', env: 'CPNS_SERVICE_ID', says: 'id of the service' },
  operatorId: { flag: '--operator-id <id>', env: 'CPNS_OPERATOR_ID', says: 'id of the operator' },
  pairing: { flag: '--pairing <mode>', env: 'CPNS_PAIRING', says: 'whether strangers are paired' },
  deviceId: {
    flag: '--device-id <id>',
    env: 'CPNS_DEVICE_ID',
    says: 'id of the device; then the devices of the file are left aside',
  },
  pnId: { flag: '--pn-id <id>', env: 'CPNS_PN_ID', says: 'PN that the device asks for' },
  rekeyAfterMessages: {
    flag: '--rekey-after-messages <number>',
    env: 'CPNS_REKEY_AFTER_MESSAGES',
    says: 'messages of a secure session after which its keys change (default: 65536)',
  },
  rekeyAfterMs: {
    flag: '--rekey-after-ms <ms>',
    env: 'CPNS_REKEY_AFTER_MS',
    says: 'time after which the keys of a secure session change (default: 3600000)',
  },
  graceMs: {
    flag: '--grace-ms <ms>',
    env: 'CPNS_GRACE_MS',
    says: 'how long messages under the keys before are still taken (default: 10000)',
  },
  usageIntervalMs: {
    flag: '--usage-interval-ms <ms>',
    env: 'CPNS_USAGE_INTERVAL_MS',
    says: 'time after which what was counted for charging is recorded (default: 60000)',
  },
  usageMessages: {
    flag: '--usage-messages <number>',
    env: 'CPNS_USAGE_MESSAGES',
    says: 'messages of a session, service and direction after which it is recorded (default: 1000)',
  },
  usageBytes: {
    flag: '--usage-bytes <number>',
    env: 'CPNS_USAGE_BYTES',
    says: 'bytes of them after which it is recorded (default: 1048576)',
  },
  snapshotEvery: {
    flag: '--snapshot-every <number>',
    env: 'CPNS_SNAPSHOT_EVERY',
    says: 'events of an actor after which its state is kept, to fold on from (default: 100)',
  },
  checkpointKeyFile: {
    flag: '--checkpoint-key-file <file>',
    env: 'CPNS_CHECKPOINT_KEY_FILE',
    says: 'file of the key that signs checkpoints of the journal (default: none are signed)',
  },
  checkpointEvents: {
    flag: '--checkpoint-events <number>',
    env: 'CPNS_CHECKPOINT_EVENTS',
    says: 'events after which a checkpoint is signed (default: 10000)',
  },
  checkpointIntervalMs: {
    flag: '--checkpoint-interval-ms <ms>',
    env: 'CPNS_CHECKPOINT_INTERVAL_MS',
    says: 'time after which a checkpoint is signed when there are new events (default: 600000)',
  },
} as const;

export type SettingName = keyof typeof SETTINGS;

type ListName = 'nats' | 'pns';
type NumberName =
  | 'rekeyAfterMessages'
  | 'rekeyAfterMs'
  | 'graceMs'
  | 'usageIntervalMs'
  | 'usageMessages'
  | 'usageBytes'
  | 'snapshotEvery'
  | 'checkpointEvents'
  | 'checkpointIntervalMs';

/** What flags and variables gave, checked one by one when they were read. */
export type Given = Partial<
  Readonly<Record<Exclude<SettingName, ListName | NumberName>, string>> &
    Readonly<Record<NumberName, number>> &
    Readonly<Record<ListName, readonly string[]>>
> & {
  /** What `CPNS_KEYRING_KEY` held. */
  readonly keyringKey?: string;
};

/** Merges what was given with what the file says, and collects what neither does. */
export class Settings {
  readonly #label: string;
  readonly #document: ConfigDocument | null;
  readonly #cwd: string;
  readonly #problems: Problem[] = [];

  /** @param label names the command in messages where there is no file */
  constructor(label: string, document: ConfigDocument | null, cwd: string) {
    this.#label = label;
    this.#document = document;
    this.#cwd = cwd;
  }

  /** A path: a given one starts at the working directory, one of the file at the file's folder. */
  path(name: SettingName, given: string | undefined, inFile: string | undefined): string {
    if (given !== undefined) return resolve(this.#cwd, given);
    return this.fromFile(this.required(name, undefined, inFile));
  }

  /** The file of the journal, as a path, or the address of its database. An address with a password is for its owner only. */
  journal(given: string | undefined, inFile: string | undefined): string {
    if (given !== undefined) return resolveJournal(this.#cwd, given);
    const journal = this.required('journal', undefined, inFile);
    if (this.#document !== null && journalHoldsPassword(journal)) refuseOpenToOthers(this.#document.file);
    return resolveJournal(this.fromFile('.'), journal);
  }

  /** A path that may be missing. */
  optionalPath(given: string | undefined, inFile: string | undefined): string | null {
    if (given !== undefined) return resolve(this.#cwd, given);
    return inFile === undefined ? null : this.fromFile(inFile);
  }

  fromFile(path: string): string {
    return resolve(this.#document === null ? this.#cwd : dirname(resolve(this.#cwd, this.#document.file)), path);
  }

  required(name: SettingName, given: string | undefined, inFile: string | undefined): string {
    const value = given ?? inFile;
    if (value !== undefined) return value;
    const { flag, env } = SETTINGS[name];
    const remedy = `Give ${flag}, or ${env}, or ${name} in the file that --config names.`;
    this.#problems.push({ path: name, message: 'is missing', remedy });
    return '';
  }

  add(...problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** @throws ConfigError when anything was missing */
  throwProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#document?.file ?? this.#label, this.#problems);
  }
}
