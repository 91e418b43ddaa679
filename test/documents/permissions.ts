import { partyOfRole } from '../../events/parties.ts';
import { ALL_EXCHANGES, type Peer } from '../../messages/exchanges.ts';
import { inboxOf } from '../../messages/subjects.ts';
import { permissionsOf, type Principal } from '../../wire/permissions.ts';

/** Tables of docs/nats.md: who may do what, and what is asked beside the protocol. */

const inbox = inboxOf('k');

/** Every kind of user, with a letter in the place of its id. */
const USERS: readonly (readonly [name: string, principal: Principal])[] = [
  ['CPNS Server *k*', { kind: 'server', inbox }],
  ['PN GW *g*', { kind: 'gateway', gatewayId: 'g' }],
  ['PNE *d*, or each *d* of one process', { kind: 'pnes', deviceIds: ['d'] }],
  ['service *s* *k*', { kind: 'service', serviceId: 's', inbox }],
  ['operator *o* *k*', { kind: 'operator', operatorId: 'o', inbox }],
  ['inquirer *k*', { kind: 'inquirer', inbox }],
  ['observer *k*', { kind: 'observer', inbox }],
];

const listed = (subjects: readonly string[]): string => subjects.map((subject) => `\`${subject}\``).join(' ');

export function permissionsRegion(): string {
  const rows = USERS.map(([name, principal]) => {
    const { publish, subscribe } = permissionsOf(principal);
    return `| ${name} | ${listed(publish)} | ${listed(subscribe)} |`;
  });
  return ['| user | publishes | subscribes to |', '|---|---|---|', ...rows, ''].join('\n');
}

const nameOf = (peer: Peer): string => partyOfRole(peer) ?? peer;

export function exchangesRegion(): string {
  const rows = ALL_EXCHANGES.map(({ pattern, asks, answers, description }) => {
    const subject = pattern.replaceAll('{', '<').replaceAll('}', '>');
    return `| \`${subject}\` | ${asks.map(nameOf).join(', ')} | ${nameOf(answers)} | ${description} |`;
  });
  return ['| question | asked by | answered by | |', '|---|---|---|---|', ...rows, ''].join('\n');
}
