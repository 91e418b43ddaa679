import { describe, expect, test } from 'vitest';
import { REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import { UNKNOWN } from '../../../actors/roles/rate-limits.ts';
import { device, GATEWAY, UNLIMITED, World } from '../../simulation/world.ts';
import { fromDevice, said, toServer } from '../talk.ts';

const ASKED = 50;
const home = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const handshake = 'A'.repeat(80);
const names = (of: string): readonly string[] => Array.from({ length: ASKED }, (_, index) => `${of}${index}`);

async function start(): Promise<World> {
  const world = await World.start({
    pns: [home],
    devices: ['lamp', ...names('made-up-')].map((id) => device(id, 'home')),
    limits: UNLIMITED,
  });
  await world.calm();
  return world;
}

/** What the node wrote down since, and once the window is over. */
async function written(world: World, node: 'server' | 'gateway', before: number) {
  const told = (await world.events(node)).slice(before);
  world.clock.advance(REFUSAL_WINDOW_MS);
  await world.settle();
  const sums = (await world.events(node)).slice(before + told.length);
  return {
    told: told.map(({ type }) => type),
    sums: sums.map(({ type, data }) => [type, data['from'], data['code'], data['count']]),
  };
}

const REFUSED_ONCE = ['RegistrationRequestReceived', 'PneAuthenticationFailed', 'RegistrationAnswered'];

describe('who is not believed, again and again', () => {
  test('is told in events once for the window, and summed; each request is answered, and a retry gets the same bytes', async () => {
    const world = await start();
    const before = (await world.events('server')).length;
    const body = { pnId: 'home', deviceId: 'lamp', handshake };
    for (const id of names('r')) toServer(world, 'registration-request', id, body);
    await world.settle();
    const answers = () => said(world, 'wan.down.hub.registration-response');
    expect(answers().map(({ message }) => [message.inReplyTo, message.body['code']])).toEqual(
      names('r').map((id) => [id, 401]),
    );
    toServer(world, 'registration-request', 'r7', body);
    await world.settle();
    expect(answers().at(-1)?.text).toBe(answers()[7]?.text);
    expect(await written(world, 'server', before)).toEqual({
      told: REFUSED_ONCE,
      sums: [['MessageRefused', 'lamp', 401, ASKED - 1]],
    });
  });

  test('is believed as before when it is genuine', async () => {
    const world = await start();
    const body = { pnId: 'home', deviceId: 'lamp', handshake };
    for (const id of names('r')) toServer(world, 'registration-request', id, body);
    await world.register('lamp');
    await world.drain();
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });

  test('as ever new devices that nobody knows is summed over all of them', async () => {
    const world = await start();
    const before = (await world.events('server')).length;
    for (const id of names('ghost-')) {
      toServer(world, 'registration-request', id, { pnId: 'home', deviceId: id, handshake });
    }
    await world.settle();
    expect(await written(world, 'server', before)).toEqual({
      told: REFUSED_ONCE,
      sums: [['MessageRefused', GATEWAY, 401, ASKED - 1]],
    });
  });

  test('as ever new PN GWs that nobody knows is summed over all of them', async () => {
    const world = await start();
    const before = (await world.events('server')).length;
    for (const id of names('made-up-')) toServer(world, 'gateway-registration-request', id, { handshake }, id);
    await world.settle();
    expect(await written(world, 'server', before)).toEqual({
      told: ['GatewayRegistrationReceived', 'GatewayAuthenticationFailed', 'GatewayRegistrationAnswered'],
      sums: [['MessageRefused', UNKNOWN, 401, ASKED - 1]],
    });
  });

  test('as ever new strangers that never paired is summed over all of them at the PN GW; each hears 403', async () => {
    const world = await start();
    const before = (await world.events('gateway')).length;
    for (const id of names('made-up-')) fromDevice(world, id, 'registration-request', id, { pnId: 'home', handshake });
    await world.settle();
    const codes = said(world, '.registration-response').map(({ message }) => message.body['code']);
    expect(codes).toEqual(names('made-up-').map(() => 403));
    const { told, sums } = await written(world, 'gateway', before);
    expect(told).toEqual(['RegistrationRequestReceived', 'MembershipMissing', 'AdmissionRefused', 'ResponseForwarded']);
    expect(sums).toEqual([['MessageRefused', UNKNOWN, 403, ASKED - 1]]);
  });

  test('leaves the PN Inventory each time, where it was added for it', async () => {
    const world = await start();
    const body = { pnId: 'home', deviceId: 'guest', handshake };
    for (const id of ['one', 'two', 'three']) {
      toServer(world, 'pn-update-request', `add-${id}`, { pnId: 'home', deviceId: 'guest', action: 'add' });
      await world.settle();
      toServer(world, 'registration-request', id, body);
      await world.settle();
    }
    const types = (await world.events('server')).map(({ type }) => type);
    expect(types.filter((type) => type === 'PneRemoved')).toHaveLength(3);
    expect(types.filter((type) => type === 'PneAuthenticationFailed')).toHaveLength(3);
  });
});
