import { describe, expect, test } from 'vitest';
import { chartName } from '../../fold/chart-hash.ts';
import { foldActor } from '../../fold/fold.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import type { NewEvent, StreamSource } from '../../journal/port.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { commitOf, eventOf, metaOf, noStream } from '../journal/controls.ts';

const STREAM = 'charging/home/lamp';
const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: chartName(charging) }),
});
const under = (chart: NewEvent['meta']['chart'], parts: Partial<NewEvent> = {}): NewEvent => ({
  ...refused,
  ...parts,
  meta: metaOf({ chart }),
});

async function journalOf(events: readonly NewEvent[]): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  await journal.commit(commitOf({ appends: [{ stream: STREAM, expected: noStream, events }] }));
  return journal;
}

describe('an actor whose stream does not fold', () => {
  test.each<readonly [string, NewEvent, object]>([
    [
      'of a chart that this program does not have',
      under({ id: 'x', hash: 'y' }),
      { name: 'UnreadableEvent', fault: 'unknownChart', message: "No chart has the id 'x'." },
    ],
    [
      'of another chart',
      under(chartName(registration)),
      {
        name: 'UnreadableEvent',
        fault: 'unknownChart',
        message: `Stream ${STREAM} has an event of chart cpns-server/registration at version 3; it belongs to cpns-server/charging.`,
        remedy: 'Verify the journal: this event was not written by this role.',
      },
    ],
    [
      'of a type that its chart does not know',
      under(chartName(charging), { type: 'Nothing' }),
      { fault: 'unknownType', message: "Chart cpns-server/charging has no event of type 'Nothing'." },
    ],
    [
      'with data that is not of the vocabulary',
      under(chartName(charging), { data: {} }),
      { fault: 'invalidData', message: expect.stringContaining('has invalid data (message:') },
    ],
  ])('fails at an event %s', async (_, event, error) => {
    await expect(foldActor(await journalOf([refused, refused, event]), charging, STREAM)).rejects.toMatchObject(error);
  });

  test('fails at an event that its state cannot take, and says under which definition it was recorded', async () => {
    const failed = { type: 'PneAuthenticationFailed', data: { reason: 'unknownDevice' } };
    for (const [hash, law] of [
      [chartName(registration).hash, 'this definition'],
      ['h', 'another definition'],
    ] as const) {
      const journal = await journalOf([under({ id: registration.id, hash }, failed)]);
      await expect(foldActor(journal, registration, STREAM)).rejects.toMatchObject({
        name: 'UnfoldableEvent',
        message: `${STREAM} does not fold at version 1, position 1, recorded under ${law} of its chart: Chart cpns-server/registration in state {"registration":{"idle":"unregistered"},"session":"none"} cannot take PneAuthenticationFailed.`,
      });
    }
  });

  test('fails where an event of it is missing', async () => {
    const journal = await journalOf([refused, refused, refused]);
    const without: StreamSource = {
      readStream: async (...range) => (await journal.readStream(...range)).filter(({ version }) => version !== 2),
      snapshot: async () => null,
      snapshots: async () => [],
      base: async () => null,
    };
    await expect(foldActor(without, charging, STREAM)).rejects.toMatchObject({
      name: 'UnfoldableEvent',
      message: `${STREAM} does not fold at version 3, position 3, recorded under this definition of its chart: it has version 3, and 2 was to come`,
    });
  });

  test('fails where the state of its archived events is not usable', async () => {
    const base = snapshotOf(charging, { stream: STREAM, version: 1, position: 7 }, charging.initial());
    const before = (parts: object): StreamSource => ({
      readStream: async () => [],
      snapshot: async () => null,
      snapshots: async () => [],
      base: async () => ({ ...base, ...parts }),
    });
    expect(await foldActor(before({}), charging, STREAM)).toMatchObject({ version: 1, position: 7, folded: 0 });
    await expect(foldActor(before({ stateHash: 'h' }), charging, STREAM)).rejects.toMatchObject({
      name: 'UnusableBase',
      message: `The base of ${STREAM}, at position 7, was changed by hand.`,
    });
    const chart = { id: charging.id, hash: 'h' };
    await expect(foldActor(before({ chart }), charging, STREAM)).rejects.toMatchObject({
      message: `The base of ${STREAM}, at position 7, was folded through another definition of cpns-server/charging.`,
    });
    await expect(foldActor(before({}), charging, STREAM, { position: 6 })).rejects.toMatchObject({ fault: 'archived' });
  });
});
