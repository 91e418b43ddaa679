import { dirname, resolve } from 'node:path';
import type { NatsUser } from '../../wire/nats-user.ts';
import { permissionsOf, type Principal } from '../../wire/permissions.ts';
import { check } from '../config/check.ts';
import { readDocument } from '../config/document.ts';
import { GatewayFile } from '../config/gateway.ts';
import { readNatsUser } from '../config/nats.ts';
import { OperatorFile } from '../config/operator.ts';
import { PneFile, uniqueDevices } from '../config/pne.ts';
import { ServerFile, uniquePns } from '../config/server.ts';
import { ServiceFile } from '../config/service.ts';
import { UsageError } from '../errors.ts';
import { OperatorDirectory, type Step } from './directory.ts';
import {
  NATS_SERVER_FILE,
  NATS_USERS_FILE,
  serverText,
  usersText,
  type NatsServerSettings,
  type NatsUserEntry,
} from './nats-server-config.ts';

export const NATS_CA_FILE = 'nats/ca.pem';
/** Seeds of those who are no role: whoever looks on, and whoever asks for inventories. */
export const OBSERVER_SEED_FILE = 'nats/observer.nk';
export const INQUIRER_SEED_FILE = 'nats/inquirer.nk';

/** Writes the configuration of the NATS server for the roles that are in the directory, whoever put them there. */
export function writeNats(directory: OperatorDirectory, settings: NatsServerSettings): void {
  const observer = directory.natsUser(OBSERVER_SEED_FILE, 'NATS user that sees copies of all events');
  const inquirer = directory.natsUser(INQUIRER_SEED_FILE, 'NATS user that asks for inventories');
  const users = [
    ...roleUsers(directory),
    entry('observer', observer.publicKey, { kind: 'observer', inbox: observer.inbox }),
    entry('inquirer', inquirer.publicKey, { kind: 'inquirer', inbox: inquirer.inbox }),
  ];
  refuseSharedSeeds(users);
  directory.derive(NATS_USERS_FILE, usersText(users), `permissions of ${users.length} NATS users`);
  const text = serverText(settings);
  const detail = 'configuration of the NATS server';
  if (settings.origin === 'options') directory.propose(NATS_SERVER_FILE, text, detail);
  else directory.create(NATS_SERVER_FILE, text, detail);
}

/**
 * Only the NATS part, for an operator directory that is there.
 * @throws UsageError when it is not, ConfigError on a file in it that cannot be used
 */
export function provisionNats(
  out: string,
  bytes: (length: number) => Uint8Array,
  settings: NatsServerSettings,
): readonly Step[] {
  if (!OperatorDirectory.isOne(out))
    throw new UsageError(
      `${out} is no operator directory`,
      'Make one with cpns provision HOUSEHOLD --out DIRECTORY, which writes this as well.',
    );
  const directory = new OperatorDirectory(out, bytes);
  writeNats(directory, settings);
  return directory.steps;
}

const entry = (name: string, publicKey: string, principal: Principal): NatsUserEntry => ({
  name,
  publicKey,
  permissions: permissionsOf(principal),
});

function roleUsers(directory: OperatorDirectory): readonly NatsUserEntry[] {
  const user = (
    file: string,
    seedFile: string | undefined,
    principalOf: (user: NatsUser) => Principal,
  ): readonly NatsUserEntry[] => {
    if (seedFile === undefined) {
      directory.note('differs', file, 'names no natsSeedFile, so the NATS server will not let it in');
      return [];
    }
    const natsUser = readNatsUser(resolve(dirname(directory.path(file)), seedFile));
    return [entry(file, natsUser.publicKey, principalOf(natsUser))];
  };
  const read = (file: string) => readDocument(directory.path(file), 'public');
  const whenThere = (file: string): readonly string[] => (directory.has(file) ? [file] : []);
  return [
    ...whenThere('server.yaml').flatMap((file) =>
      user(file, check(read(file), ServerFile, uniquePns).natsSeedFile, ({ inbox }) => ({ kind: 'server', inbox })),
    ),
    ...directory.configFiles('gateways').flatMap((file) => {
      const { gatewayId, natsSeedFile } = check(read(file), GatewayFile);
      return gatewayId === undefined ? [] : user(file, natsSeedFile, () => ({ kind: 'gateway', gatewayId }));
    }),
    ...[...whenThere('pnes.yaml'), ...directory.configFiles('pnes')].flatMap((file) => {
      const { devices, natsSeedFile } = check(read(file), PneFile, uniqueDevices);
      return user(file, natsSeedFile, () => ({ kind: 'pnes', deviceIds: devices.map(({ deviceId }) => deviceId) }));
    }),
    ...(directory.has('services') ? directory.configFiles('services') : []).flatMap((file) => {
      const { serviceId, natsSeedFile } = check(read(file), ServiceFile);
      return serviceId === undefined
        ? []
        : user(file, natsSeedFile, ({ inbox }) => ({ kind: 'service', serviceId, inbox }));
    }),
    ...(directory.has('operators') ? directory.configFiles('operators') : []).flatMap((file) => {
      const { operatorId, natsSeedFile } = check(read(file), OperatorFile);
      return operatorId === undefined
        ? []
        : user(file, natsSeedFile, ({ inbox }) => ({ kind: 'operator', operatorId, inbox }));
    }),
  ];
}

/** nats-server would take one of the two and its permissions. */
function refuseSharedSeeds(users: readonly NatsUserEntry[]): void {
  const owners = new Map<string, string>();
  for (const { name, publicKey } of users) {
    const other = owners.get(publicKey);
    if (other !== undefined)
      throw new UsageError(`${other} and ${name} name the same NATS seed`, 'Give each a natsSeedFile of its own.');
    owners.set(publicKey, name);
  }
}
