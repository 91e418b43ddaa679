import { describe, expect, it } from 'vitest';
import type { JournalReader } from '../../journal/port.ts';
import { Engine } from '../../projections/engine.ts';
import { readJournal, typesOf } from './types.ts';

function engineOf(reader: JournalReader, ...parts: readonly ReturnType<typeof typesOf>[]) {
  const failures: (readonly [string, string])[] = [];
  const projections = parts.map(({ projection }) => projection);
  const engine = new Engine(reader, projections, ({ name }, error) => failures.push([name, String(error)]));
  return { engine, failures };
}

const times = (count: number, type = 'E'): readonly string[] => Array.from({ length: count }, () => type);

describe('several projections', () => {
  it('are fed from one read', async () => {
    const { reader, reads, append } = readJournal();
    await append(...times(2_500));
    const [a, b] = [typesOf('a', reader), typesOf('b', reader)];
    await engineOf(reader, a, b).engine.catchUp();
    expect(reads.map(({ events }) => events)).toEqual([1_000, 1_000, 500, 0]);
    expect([a.store.types.length, b.store.types.length]).toEqual([2_500, 2_500]);
  });

  it('do not read again, nor wait, for one that is far behind, which shares their reads as soon as it is there', async () => {
    const { reader, reads, append } = readJournal();
    await append(...times(3_700));
    const [ahead, behind] = [typesOf('ahead', reader, 3_500), typesOf('behind', reader)];
    await engineOf(reader, ahead, behind).engine.catchUp();
    expect(reads.filter(({ after }) => after >= 3_500).map(({ after, events }) => [after, events])[0]).toEqual([
      3_500, 200,
    ]);
    expect(reads.reduce((sum, { events }) => sum + events, 0)).toBe(200 + 3_700);
    expect(ahead.store.types).toHaveLength(200);
    expect(behind.store.types).toHaveLength(3_700);
    reads.length = 0;
    await append('E', 'E');
    await engineOf(reader, ahead, behind).engine.catchUp();
    expect(reads.map(({ events }) => events)).toEqual([2, 0]);
  });

  it('go on where one of them meets an event that it cannot take, which it does not skip', async () => {
    const { reader, append } = readJournal();
    await append(...times(1_200), 'Bad', ...times(300));
    const [good, broken] = [typesOf('good', reader), typesOf('broken', reader)];
    broken.handler.refuses = 'Bad';
    const { engine, failures } = engineOf(reader, good, broken);
    await engine.catchUp();
    expect(await good.projection.checkpoint()).toBe(1_501);
    const event = { position: 1_201, type: 'Bad', stream: 's' };
    expect(await broken.projection.standing()).toEqual({
      position: 1_200,
      stopped: {
        fault: 'handler',
        says: 'broken: event 1201 (Bad in s) could not be applied: nobody thought of this.',
        event,
      },
    });
    expect(engine.stopped).toMatchObject([{ event }]);

    // It is told of once; the others have what comes, and nobody tries the event again.
    await append('E');
    await engine.catchUp();
    expect(await good.projection.checkpoint()).toBe(1_502);
    expect(failures.map(([name]) => name)).toEqual(['broken']);

    // The next version of the program knows the event.
    broken.handler.refuses = null;
    const next = engineOf(reader, good, broken);
    await next.engine.catchUp();
    expect(next.failures).toEqual([]);
    expect(await broken.projection.standing()).toEqual({ position: 1_502, stopped: null });
    expect(broken.store.types).toEqual([...times(1_200), 'Bad', ...times(301)]);
  });

  it('take one in again that somebody has rebuilt', async () => {
    const { reader, append } = readJournal();
    await append('Bad');
    const [good, broken] = [typesOf('good', reader), typesOf('broken', reader)];
    broken.handler.refuses = 'Bad';
    const { engine } = engineOf(reader, good, broken);
    await engine.catchUp();
    broken.handler.refuses = null;
    await broken.projection.rebuild();
    await append('E');
    await engine.catchUp();
    expect(engine.stopped).toEqual([]);
    expect(broken.store.types).toEqual(['Bad', 'E']);
  });

  it('try again where the store gave out, which stops nobody', async () => {
    const { reader, append } = readJournal();
    const [good, other] = [typesOf('good', reader), typesOf('other', reader)];
    other.store.disk = 'full';
    const { engine, failures } = engineOf(reader, good, other);
    await append('E');
    await engine.catchUp();
    expect(failures).toEqual([['other', 'JournalError: The disk is full.']]);
    expect(engine.stopped).toEqual([]);
    other.store.disk = 'well';
    await append('F');
    await engine.catchUp();
    expect([good.store.types, other.store.types]).toEqual([
      ['E', 'F'],
      ['E', 'F'],
    ]);
  });

  it('have what was committed before a call, also where calls overlap', async () => {
    const { reader, append } = readJournal();
    const a = typesOf('a', reader);
    const { engine } = engineOf(reader, a);
    const calls: Promise<void>[] = [];
    for (let i = 1; i <= 20; i++) {
      await append('E');
      calls.push(engine.catchUp().then(() => expect(a.store.types.length).toBeGreaterThanOrEqual(i)));
    }
    await Promise.all(calls);
    expect(a.store.types).toHaveLength(20);
  });
});
