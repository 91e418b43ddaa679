import { beforeEach, expect, test } from 'vitest';
import { HandOverWire } from '../../../actors/cluster/hand-over.ts';
import { handOver, SERVER_HEARS, wanDown, wanUp } from '../../../messages/subjects.ts';
import { Members, type Member } from './controls.ts';
import { SERVER_QUEUE } from '../../../messages/exchanges.ts';

interface Server extends Member {
  readonly over: HandOverWire;
  readonly heard: string[];
}

const GATEWAYS = Array.from({ length: 12 }, (_, index) => `hub-${index}`);

let members: Members;
let servers: readonly Server[];
beforeEach(async () => {
  members = new Members();
  const made = [await members.joined('a'), await members.joined('b'), await members.joined('c')];
  servers = made.map((member) => {
    const over = new HandOverWire(member.wire, member.membership, members);
    const heard: string[] = [];
    for (const pattern of SERVER_HEARS)
      over.subscribe(pattern, ({ subject, payload }) => heard.push(`${subject} ${Buffer.from(payload).toString()}`), {
        queue: SERVER_QUEUE,
      });
    return { ...member, over, heard };
  });
});

const ownerOf = (gatewayId: string): Server => {
  const found = servers.find(({ membership }) => membership.isMine(gatewayId));
  if (found === undefined) throw new Error(`nobody has ${gatewayId}`);
  return found;
};

test('each message reaches the server that has its PN GW, once and as it came, whichever of them NATS chose', async () => {
  const wire = members.network.connect('gateways');
  for (const id of GATEWAYS) for (const n of [1, 2, 3]) wire.publish(wanUp(id, 'data'), `frame ${n}`);
  await members.settle();
  for (const id of GATEWAYS) {
    const expected = [1, 2, 3].map((n) => `${wanUp(id, 'data')} frame ${n}`);
    for (const server of servers) {
      const here = server.heard.filter((line) => line.startsWith(wanUp(id, 'data')));
      expect(here.toSorted()).toEqual(server === ownerOf(id) ? expected : []);
    }
  }
  expect(servers.reduce((sum, { over }) => sum + over.stats.passedOn, 0)).toBeGreaterThan(0);
});

test('what is handed over to a server that does not have the PN GW is lost, counted and told, and goes nowhere else', async () => {
  const [id = ''] = GATEWAYS;
  const mistaken = servers.find((server) => server !== ownerOf(id));
  if (mistaken === undefined) throw new Error('one server has all');
  members.network.connect('another').publish(handOver(mistaken.membership.id, id, 'data'), 'frame');
  await members.settle();
  expect(servers.flatMap(({ heard }) => heard)).toEqual([]);
  expect(mistaken.over.stats.handedToNobody).toBe(1);
  expect(members.log.lines.map(({ message }) => message)).toContain(
    'a message was handed over by a server that sees another ring',
  );
});

test('what is no subject of the table stays where it came: to be refused there', async () => {
  members.network.connect('gateways').publish('cpns.wan.up.hub-1', 'x');
  await members.settle();
  expect(servers.flatMap(({ heard }) => heard)).toEqual(['cpns.wan.up.hub-1 x']);
});

test('what is sealed leaves for a PN GW only from the server that has it; what is in the clear from any', async () => {
  const heard: string[] = [];
  members.network.connect('gateways').subscribe('cpns.wan.down.>', ({ subject }) => heard.push(subject));
  const [id = ''] = GATEWAYS;
  for (const { over } of servers) {
    over.publish(wanDown(id, 'registration-response'), 'sealed');
    over.publish(wanDown(id, 'notice'), 'clear');
  }
  await members.settle();
  expect(heard.filter((subject) => subject.endsWith('registration-response'))).toHaveLength(1);
  expect(heard.filter((subject) => subject.endsWith('notice'))).toHaveLength(servers.length);
});

test('a server that has left answers what was under way', async () => {
  const heard: string[] = [];
  members.network.connect('gateways').subscribe('cpns.wan.down.>', ({ subject }) => heard.push(subject));
  const [id = ''] = GATEWAYS;
  const leaver = ownerOf(id);
  await leaver.membership.leave();
  leaver.over.publish(wanDown(id, 'registration-response'), 'sealed');
  await members.settle();
  expect(heard).toEqual([wanDown(id, 'registration-response')]);
});
