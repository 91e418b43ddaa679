import { beforeEach, describe, expect, test } from 'vitest';
import { ServerEnd } from '../../../actors/services/server-end.ts';
import { handOverSend, serviceSend } from '../../../messages/subjects.ts';
import { Leg, QUESTION, SECRET, settle } from './leg.ts';

/** Three servers behind one queue group, of which one has the session of the device. */

const NAMES = ['a', 'b', 'c'] as const;

let leg: Leg;
let owner: string;
let since: number;
const taken = new Map<string, number>();
beforeEach(() => {
  leg = new Leg();
  owner = 'b';
  since = 0;
  taken.clear();
  for (const id of NAMES) start(id);
});

function start(id: string, seesOwner = (): string => owner): ServerEnd {
  const end = new ServerEnd(leg.seams(`server-${id}`), new Map([['echo', SECRET]]));
  end.listen(
    () => {
      taken.set(id, (taken.get(id) ?? 0) + 1);
      return Promise.resolve(leg.outcome);
    },
    { id, ownerOf: seesOwner, mineSince: () => since },
  );
  return end;
}

describe('a message of a service for a device', () => {
  test('reaches the server that has its session, whichever server it came to, and the service gets its answer', async () => {
    const service = leg.service();
    for (let turn = 0; turn < NAMES.length; turn++)
      expect(await service.send(QUESTION)).toEqual({ kind: 'answered', code: 200 });
    expect([...taken]).toEqual([['b', 3]]);
    expect(leg.passed.filter(({ subject }) => subject === handOverSend('b', 'echo'))).toHaveLength(2);
  });

  test('is answered 503 where that server is gone: nobody has it', async () => {
    owner = 'gone';
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'answered', code: 503 });
    expect([...taken]).toEqual([]);
  });

  test('is answered 503 where that server says it has not: it does not go round', async () => {
    leg = new Leg();
    start('a', () => 'b');
    start('b', () => 'a');
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'answered', code: 503 });
    expect([...taken]).toEqual([]);
  });

  test('is taken once, though a broker shows it to every server', async () => {
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'answered', code: 200 });
    const asked = leg.passed.find(({ subject }) => subject === serviceSend('echo'));
    if (asked === undefined) throw new Error('nothing was asked');
    const broker = leg.network.connect('broker');
    const again = NAMES.map(() => broker.request(asked.subject, asked.payload, { timeoutMs: 100 }));
    await settle();
    leg.clock.advance(100_000);
    await Promise.allSettled(again);
    expect([...taken]).toEqual([['b', 1]]);
  });

  test('that was sent before the server had the device is answered 408: another may have taken it', async () => {
    since = leg.clock.now() + 1;
    expect(await leg.service().send(QUESTION)).toEqual({ kind: 'answered', code: 408 });
    expect([...taken]).toEqual([]);
  });
});
