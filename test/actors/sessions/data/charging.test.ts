import { describe, expect, test } from 'vitest';
import { DEFAULT_USAGE_SETTINGS } from '../../../../actors/sessions/data/usage.ts';
import { MAX_CHUNK_BYTES } from '../../../../security/data-frame.ts';
import { recordsOf } from '../../../simulation/charging.ts';
import { inSession, PN, send, until, type Sessions } from './sessions.ts';

const { intervalMs } = DEFAULT_USAGE_SETTINGS;
const lamp = { pnId: PN, deviceId: 'lamp' };

/** Both have recorded what they counted, and the PN GW has reported it. */
async function interval({ world }: Sessions): Promise<void> {
  world.clock.advance(intervalMs);
  await world.calm();
}

async function counts({ world }: Sessions) {
  return (await recordsOf(world)).map(({ serviceId, direction, server, gateway, session, standing }) => {
    return { what: `${serviceId} ${direction}`, server, gateway, session, standing };
  });
}

describe('server and PN GW count the same', () => {
  test('of messages of every size, both ways, as what is in them', async () => {
    const sessions = await inSession();
    await until(sessions.world, send(sessions, 'pnes', new Uint8Array(0)));
    await until(sessions.world, send(sessions, 'pnes', new Uint8Array(100)));
    await until(sessions.world, send(sessions, 'server', new Uint8Array(MAX_CHUNK_BYTES + 1)));
    await until(sessions.world, send(sessions, 'server', 'open', { serviceId: 'doors' }));
    await interval(sessions);
    const up = { messages: 2, bytes: 100 };
    const down = { messages: 2, bytes: MAX_CHUNK_BYTES + 1 };
    const doors = { messages: 1, bytes: 4 };
    const stands = { session: 'open', standing: 'open' };
    expect(await counts(sessions)).toEqual([
      { what: 'doors down', server: doors, gateway: doors, ...stands },
      { what: 'echo down', server: down, gateway: down, ...stands },
      { what: 'echo up', server: up, gateway: up, ...stands },
    ]);
  });

  test('of a message that the application refuses: it came all the same', async () => {
    const sessions = await inSession({ deliver: () => Promise.resolve(404) });
    expect(await until(sessions.world, send(sessions, 'pnes', 'x'))).toEqual({ kind: 'refused', code: 404 });
    await interval(sessions);
    const one = { messages: 1, bytes: 1 };
    expect(await counts(sessions)).toMatchObject([{ server: one, gateway: one }]);
  });

  test('when a session is closed: the server records at once, and it is settled when the PN GW has reported', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    await until(world, send(sessions, 'pnes', 'x'));
    await until(world, world.session('server').close(lamp));
    const one = { messages: 1, bytes: 1 };
    const none = { messages: 0, bytes: 0 };
    expect(await counts(sessions)).toMatchObject([{ server: one, gateway: none, standing: 'closing' }]);
    await interval(sessions);
    expect(await counts(sessions)).toMatchObject([{ server: one, gateway: one, standing: 'settled' }]);
  });

  test('over a restart of each that is asked for: nothing of the count is lost', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    await until(world, send(sessions, 'pnes', 'x'));
    for (const node of ['gateway', 'server'] as const) {
      await world.runtime(node)?.stop();
      await world.kill(node);
      await world.startNode(node);
    }
    await world.calm();
    const one = { messages: 1, bytes: 1 };
    expect(await counts(sessions)).toMatchObject([{ server: one, gateway: one }]);
  });
});
