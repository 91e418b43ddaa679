import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../seams/clock.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { follow } from '../../../cli/projections/follow.ts';
import type { MemoryJournal } from '../../../journal/memory.ts';
import { readJournal, typesOf } from '../../projections/types.ts';

describe('a process that follows its journal', () => {
  function following(onCommit: MemoryJournal['onCommit'] | null = null) {
    const { journal, reader, append } = readJournal();
    const part = typesOf('types', reader);
    const clock = new SimulatedClock();
    const log = new RecordedLog();
    const closing: (() => void | Promise<void>)[] = [];
    const heard = { ...reader, onCommit: onCommit ?? ((listener) => journal.onCommit(listener)) };
    follow({ clock }, { onClose: (_, close) => void closing.push(close) }, heard, [part.projection], log);
    const close = async (): Promise<void> => {
      for (const each of closing) await each();
    };
    return { append, ...part, clock, log, close };
  }
  const soon = () => new Promise((resolve) => setImmediate(resolve));

  it('reads again what it is told of, and starts with what was there', async () => {
    const { append, store, clock, close } = following();
    await append('Before');
    clock.advance(200);
    await soon();
    expect(store.types).toEqual(['Before']);
    await append('E', 'F');
    clock.advance(200);
    await soon();
    expect(store.types).toEqual(['Before', 'E', 'F']);
    await close();
  });

  it('has an event that it was never told of with the next one that it is', async () => {
    const listeners: (() => void)[] = [];
    const { append, store, clock, close } = following((listener) => {
      listeners.push(() => listener([]));
      return () => undefined;
    });
    clock.advance(200);
    await soon();
    await append('Lost');
    clock.advance(60_000);
    await soon();
    expect(store.types).toEqual([]);
    await append('Told');
    for (const tell of listeners) tell();
    clock.advance(200);
    await soon();
    expect(store.types).toEqual(['Lost', 'Told']);
    await append('Last');
    await close();
    expect(store.types).toEqual(['Lost', 'Told', 'Last']);
  });

  it('names in its log, and at its end, the event that stopped a projection', async () => {
    const { append, handler, clock, log, close } = following();
    handler.refuses = 'Bad';
    await append('E', 'Bad');
    clock.advance(200);
    await soon();
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { name: 'types', position: 2, type: 'Bad', stream: 's' } },
    ]);
    await expect(close()).rejects.toMatchObject({ event: { position: 2 } });
  });
});
