import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { permissionsOf, type Principal } from '../../wire/permissions.ts';
import { inboxOf } from '../../messages/subjects.ts';

const DOCUMENT = readFileSync(new URL('../../docs/nats.md', import.meta.url), 'utf8');

const inbox = inboxOf('k');
const PRINCIPALS: readonly (readonly [string, Principal])[] = [
  ['CPNS Server', { kind: 'server', inbox }],
  ['PN GW *g*', { kind: 'gateway', gatewayId: 'g' }],
  ['PNE *d*', { kind: 'pnes', deviceIds: ['d'] }],
  ['service *s*', { kind: 'service', serviceId: 's', inbox }],
  ['inquirer *k*', { kind: 'inquirer', inbox }],
  ['observer *k*', { kind: 'observer', inbox }],
];

const listed = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, subject]) => subject ?? '');

test.each(PRINCIPALS)('%s may what docs/nats.md says', (name, principal) => {
  const row = DOCUMENT.split('\n').find((line) => line.startsWith(`| ${name}`));
  const [, , publish = '', subscribe = ''] = row?.split('|') ?? [];
  expect({ publish: listed(publish), subscribe: listed(subscribe) }).toEqual(permissionsOf(principal));
});

test('a process of several PNEs may what each of them may', () => {
  const several = permissionsOf({ kind: 'pnes', deviceIds: ['d', 'e'] });
  const each = ['d', 'e'].map((id) => permissionsOf({ kind: 'pnes', deviceIds: [id] }));
  const union = (field: 'publish' | 'subscribe') => new Set(each.flatMap((one) => one[field]));
  expect(new Set(several.publish)).toEqual(union('publish'));
  expect(new Set(several.subscribe)).toEqual(union('subscribe'));
});
