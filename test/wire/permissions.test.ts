import { expect, test } from 'vitest';
import { permissionsOf, type Permissions, type Principal } from '../../wire/permissions.ts';
import { inboxOf } from '../../messages/subjects.ts';

const inbox = inboxOf('k');

const PERMITTED: readonly (readonly [Principal, Permissions])[] = [
  [
    { kind: 'server', inbox },
    {
      publish: [
        'cpns.wan.down.*.*',
        'cpns.events.cpns-server.*',
        'cpns.service.*.deliver',
        '_INBOX.*.cpns.query.inventory.>',
        '_INBOX.*.cpns.query.personal.>',
        '_INBOX.*.cpns.query.charging.>',
        '_INBOX.*.cpns.query.waiting.>',
        '_INBOX.*.cpns.service.*.send.>',
        '_INBOX.*.cpns.operate.*.>',
        '_INBOX.*.cpns.server.*.send.*.>',
        '_INBOX.*.cpns.server.*.operate.*.>',
        'cpns.server.*.up.*.*',
        'cpns.server.*.send.*',
        'cpns.server.*.operate.*',
        'cpns.server.ring',
      ],
      subscribe: [
        'cpns.wan.up.>',
        'cpns.query.inventory',
        'cpns.query.personal',
        'cpns.query.charging',
        'cpns.query.waiting',
        'cpns.service.*.send',
        'cpns.operate.*',
        'cpns.server.*.up.*.*',
        'cpns.server.*.send.*',
        'cpns.server.*.operate.*',
        'cpns.server.ring',
        '_INBOX.k.>',
      ],
    },
  ],
  [
    { kind: 'gateway', gatewayId: 'g' },
    {
      publish: [
        'cpns.wan.up.g.*',
        'cpns.link.g.down.*.*',
        'cpns.events.pn-gateway.*',
        '_INBOX.*.cpns.query.gateway-inventory.g.>',
      ],
      subscribe: ['cpns.link.g.up.>', 'cpns.wan.down.g.>', 'cpns.query.gateway-inventory.g'],
    },
  ],
  [
    { kind: 'pnes', deviceIds: ['d'] },
    { publish: ['cpns.link.*.up.d.*', 'cpns.events.pne.*'], subscribe: ['cpns.link.*.down.d.>'] },
  ],
  [
    { kind: 'service', serviceId: 's', inbox },
    {
      publish: ['cpns.service.s.send', '_INBOX.*.cpns.service.s.deliver.>'],
      subscribe: ['cpns.service.s.deliver', '_INBOX.k.>'],
    },
  ],
  [
    { kind: 'operator', operatorId: 'o', inbox },
    { publish: ['cpns.operate.o', 'cpns.query.waiting'], subscribe: ['_INBOX.k.>'] },
  ],
  [
    { kind: 'inquirer', inbox },
    {
      publish: [
        'cpns.query.inventory',
        'cpns.query.gateway-inventory.*',
        'cpns.query.charging',
        'cpns.query.waiting',
        'cpns.query.personal',
      ],
      subscribe: ['_INBOX.k.>'],
    },
  ],
  [
    { kind: 'observer', inbox },
    {
      publish: ['cpns.query.inventory', 'cpns.query.gateway-inventory.*', 'cpns.query.charging', 'cpns.query.waiting'],
      subscribe: ['cpns.events.>', '_INBOX.k.>'],
    },
  ],
];

const sorted = ({ publish, subscribe }: Permissions): Permissions => ({
  publish: publish.toSorted(),
  subscribe: subscribe.toSorted(),
});

test.each(PERMITTED)('%j may so much and no more', (principal, permissions) => {
  expect(sorted(permissionsOf(principal))).toEqual(sorted(permissions));
});

test('a process of several PNEs may what each of them may', () => {
  const several = permissionsOf({ kind: 'pnes', deviceIds: ['d', 'e'] });
  const each = ['d', 'e'].map((id) => permissionsOf({ kind: 'pnes', deviceIds: [id] }));
  const union = (field: 'publish' | 'subscribe') => new Set(each.flatMap((one) => one[field]));
  expect(new Set(several.publish)).toEqual(union('publish'));
  expect(new Set(several.subscribe)).toEqual(union('subscribe'));
});
