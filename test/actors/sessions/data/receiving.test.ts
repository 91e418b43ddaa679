import { describe, expect, test } from 'vitest';
import { Receiver, type Arrived } from '../../../../actors/sessions/data/receiving.ts';
import { MAX_HELD } from '../../../../actors/sessions/data/limits.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { sealData, type DataContent } from '../../../../security/data-frame.ts';
import { claimEpoch, firstChain, MAX_EPOCH, MAX_EPOCHS_AHEAD } from '../../../../security/epochs.ts';

const GRACE_MS = 10_000;
const chain = firstChain(new Uint8Array(32).fill(5), 'up');
const keyId = 'k'.repeat(22);

function frameOf(epoch: number, counter: number, text = `${epoch}/${counter}`): Arrived {
  const claimed = claimEpoch(chain, epoch)?.claimed;
  if (claimed === undefined) throw new Error('no such epoch');
  const header = { direction: 'up', keyId, epoch, counter, serviceId: 'echo' } as const;
  const bytes = new TextEncoder().encode(text);
  const content = { kind: 'chunk', messageNumber: BigInt(counter), index: 0, count: 1, bytes } as const;
  return { header, frame: sealData(claimed, header, content) };
}

function setUp(isFree: (epoch: number) => boolean = () => true) {
  const clock = new SimulatedClock();
  const seen: { taken: string[]; claimed: number[]; said: DataContent[]; refused: number[]; dropped: string[] } = {
    taken: [],
    claimed: [],
    said: [],
    refused: [],
    dropped: [],
  };
  const receiver = new Receiver(
    {
      clock,
      graceMs: GRACE_MS,
      claim(epoch) {
        seen.claimed.push(epoch);
        return Promise.resolve(isFree(epoch));
      },
      take(_arrived, content) {
        if (content.kind !== 'chunk') return null;
        seen.taken.push(new TextDecoder().decode(content.bytes));
        return { kind: 'ack', messageNumber: content.messageNumber, index: 0, code: 200 };
      },
      say: (content) => seen.said.push(content),
      turned: () => {},
      refused: (least) => seen.refused.push(least),
      dropped: (reason) => seen.dropped.push(reason),
    },
    chain,
  );
  const receive = async (...frames: readonly Arrived[]): Promise<void> => {
    for (const frame of frames) receiver.receive(frame);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, receiver, receive, ...seen };
}

describe('a receiver', () => {
  test('claims an epoch before it takes the first frame of it, and takes what came meanwhile', async () => {
    const { receive, taken, claimed } = setUp();
    await receive(frameOf(0, 0), frameOf(0, 1), frameOf(0, 0), frameOf(0, 2));
    expect(claimed).toEqual([0]);
    expect(taken).toEqual(['0/0', '0/1', '0/2']);
  });

  test('takes nothing of an epoch that somebody else has claimed', async () => {
    const { receive, taken, claimed } = setUp(() => false);
    await receive(frameOf(3, 0), frameOf(3, 1));
    expect(claimed).toEqual([3]);
    expect(taken).toEqual([]);
  });

  test('answers a frame that comes again as it did the first time, and takes it once', async () => {
    const { receive, taken, said } = setUp();
    await receive(frameOf(0, 0), frameOf(0, 1));
    await receive(frameOf(0, 0), frameOf(0, 0));
    expect(taken).toEqual(['0/0', '0/1']);
    expect(said.map((one) => (one.kind === 'ack' ? Number(one.messageNumber) : -1))).toEqual([0, 1, 0, 0]);
  });

  test('does not answer for a frame that is a forged copy of one that was taken', async () => {
    const { receive, said, dropped } = setUp();
    const genuine = frameOf(0, 0);
    await receive(genuine);
    await receive({ ...genuine, frame: genuine.frame.with(3, (genuine.frame[3] ?? 0) ^ 1) });
    expect(said).toHaveLength(1);
    expect(dropped).toEqual(['does not open']);
  });

  test('takes the epoch before for the grace time, and refuses it from then on', async () => {
    const { receive, taken, refused, clock } = setUp();
    await receive(frameOf(0, 0));
    await receive(frameOf(1, 0));
    clock.advance(GRACE_MS - 1);
    await receive(frameOf(0, 1));
    expect(taken).toEqual(['0/0', '1/0', '0/1']);
    expect(refused).toEqual([]);
    clock.advance(1);
    await receive(frameOf(0, 2), frameOf(0, 0));
    expect(taken).toHaveLength(3);
    expect(refused).toEqual([1, 1]);
  });

  test('refuses an epoch that it skipped, and the one before the one before', async () => {
    const { receive, taken, refused, claimed } = setUp();
    await receive(frameOf(0, 0));
    await receive(frameOf(2, 0));
    await receive(frameOf(1, 0));
    await receive(frameOf(3, 0));
    await receive(frameOf(0, 1));
    expect(claimed).toEqual([0, 2, 3]);
    expect(taken).toEqual(['0/0', '2/0', '3/0']);
    expect(refused).toEqual([2, 3]);
  });

  test('looks no further ahead than its bound, whatever number a frame has', async () => {
    const { receive, taken, claimed, dropped } = setUp();
    const far = frameOf(MAX_EPOCHS_AHEAD + 1, 0);
    const last: Arrived = { ...far, header: { ...far.header, epoch: MAX_EPOCH } };
    await receive(far, last, frameOf(MAX_EPOCHS_AHEAD, 0));
    expect(dropped).toEqual(['does not open', 'does not open']);
    expect(claimed).toEqual([MAX_EPOCHS_AHEAD]);
    expect(taken).toEqual([`${MAX_EPOCHS_AHEAD}/0`]);
  });

  test('does not move for a frame of a later epoch that nobody sealed', async () => {
    const { receive, taken, claimed } = setUp();
    await receive(frameOf(0, 0));
    const forged = frameOf(1, 0);
    for (let epoch = 1; epoch <= MAX_EPOCHS_AHEAD; epoch++) {
      await receive({ header: { ...forged.header, epoch }, frame: forged.frame.with(0, (forged.frame[0] ?? 0) ^ 1) });
    }
    await receive(frameOf(0, 1));
    expect(claimed).toEqual([0]);
    expect(taken).toEqual(['0/0', '0/1']);
  });

  test('holds no more than its bound while it claims', async () => {
    const { receive, taken } = setUp();
    await receive(...Array.from({ length: 2 * MAX_HELD }, (_, counter) => frameOf(0, counter)));
    expect(taken).toHaveLength(MAX_HELD);
  });

  test('that has ended takes nothing more', async () => {
    const { receiver, receive, taken } = setUp();
    await receive(frameOf(0, 0));
    receiver.end();
    await receive(frameOf(0, 1), frameOf(1, 0));
    expect(taken).toEqual(['0/0']);
  });
});
