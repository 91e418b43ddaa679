import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBase64url } from '../../security/base64url.ts';
import { startRegistration } from '../../security/registration-handshake.ts';
import { timestampAt, timestampToBytes } from '../../security/timestamp.ts';
import { SeededEntropy } from '../../seams/entropy.ts';
import { toServer } from '../actors/talk.ts';
import { device, GATEWAY, secretOf, World } from '../simulation/world.ts';

/** Requests that somebody recorded, each made one millisecond after the one before, arrive in any order and number. */
const RECORDED = 6;
const home = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'closed' as const, members: ['lamp'] };

function recorded(index: number): { readonly requestId: string; readonly body: object } {
  const requestId = `r${index}`;
  const entropy = new SeededEntropy(requestId);
  const { message } = startRegistration({
    credential: { kind: 'psk', psk: secretOf('lamp') },
    binding: { protocolVersion: 1, pnId: 'home', gatewayId: GATEWAY, deviceId: 'lamp', requestId },
    payload: timestampToBytes(timestampAt(1_000 + index)),
    bytes: (length) => entropy.bytes(length),
  });
  return { requestId, body: { pnId: 'home', deviceId: 'lamp', handshake: toBase64url(message) } };
}

const arrivals = fc.array(fc.oneof(fc.nat(RECORDED - 1), fc.constant('restart' as const)), {
  minLength: 1,
  maxLength: 24,
});

test('no request older than the newest is ever accepted: reordered, repeated, over restarts', async () => {
  const requests = Array.from({ length: RECORDED }, (_, index) => recorded(index));
  await fc.assert(
    fc.asyncProperty(arrivals, async (order) => {
      const world = await World.start({ pns: [home], devices: [device('lamp', 'home')] });
      await world.calm();
      let newest = -1;
      const expected: string[] = [];
      for (const arrival of order) {
        if (arrival === 'restart') {
          await world.kill('server');
          await world.startNode('server');
          continue;
        }
        const { requestId = '', body = {} } = requests[arrival] ?? {};
        toServer(world, 'registration-request', requestId, body);
        await world.settle();
        if (arrival > newest) expected.push(requestId);
        newest = Math.max(newest, arrival);
      }
      const events = await world.events('server');
      const accepted = events.filter(({ type, data }) => type === 'RegistrationAnswered' && data['code'] === 200);
      expect(accepted.map(({ data }) => data['requestId'])).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
