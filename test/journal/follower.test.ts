import { expect, it } from 'vitest';
import { Follower } from '../../journal/follower.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { any, appendTo } from './controls.ts';

async function committed(journal: MemoryJournal, ...types: readonly string[]): Promise<readonly RecordedEvent[]> {
  const result = await journal.commit(appendTo('s', any, ...types));
  return result.kind === 'committed' ? result.events : [];
}

it('tells of what another process committed before it tells of this one, whoever is heard of first', async () => {
  const journal = new MemoryJournal();
  const follower = new Follower(journal, 0);
  const heard: string[] = [];
  follower.add((events) => heard.push(...events.map(({ type }) => type)));
  await committed(journal, 'Theirs1', 'Theirs2');
  follower.committed(await committed(journal, 'Ours3'));
  await follower.catchUp();
  follower.committed(await committed(journal, 'Ours4'));
  await follower.catchUp();
  expect(heard).toEqual(['Theirs1', 'Theirs2', 'Ours3', 'Ours4']);
});
