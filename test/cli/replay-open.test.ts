import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordedEvent } from '../../journal/port.ts';
import { household, writeJournal } from '../replay/journal-files.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { inspected } from './inspected.ts';

/** `cpns replay open`, and `cpns inspect`, on a journal that was compacted. */

const KEPT = 5;

let folder: ReturnType<typeof temporaryFolder>;
let events: readonly RecordedEvent[];
beforeAll(async () => {
  folder = temporaryFolder();
  ({ server: events } = await household());
  await writeJournal(join(folder.path, 'whole.sqlite'), events);
  copyFileSync(join(folder.path, 'whole.sqlite'), join(folder.path, 'cut.sqlite'));
  const host = new FakeHost(folder.path);
  const argv = ['journal', 'compact', '--journal', 'cut.sqlite', '--keep', String(KEPT), '--archive', 'archive.jsonl'];
  expect(await host.run(...argv), host.stderr).toBe(0);
});
afterAll(() => folder.remove());

test('with its archive it is shown as if nothing had been archived: at every position what the auditor reads', async () => {
  const whole = await inspected(folder.path, 'replay', 'open', 'whole.sqlite');
  const joined = await inspected(folder.path, 'replay', 'open', 'cut.sqlite', '--archive', 'archive.jsonl');
  expect(joined.stderr).not.toContain('were not read');
  expect(await joined.states()).toEqual(await whole.states());
  expect(await joined.get('/api/overview')).toMatchObject({ total: events.length, journals: [{ archived: 0 }] });
  for (const position of [1, 5, events.length >> 1, events.length - KEPT, events.length]) {
    const host = new FakeHost(folder.path);
    const asked = ['replay', 'state', 'cut.sqlite', '--archive', 'archive.jsonl', '--at', String(position), '--json'];
    expect(await host.run(...asked), host.stderr).toBe(0);
    const { actors }: { readonly actors: readonly { readonly stream: string; readonly value: unknown }[] } = JSON.parse(
      host.stdout,
    );
    for (const { stream, value } of actors)
      expect(await joined.get(`/api/state?actor=cut:${stream}&at=cut:${position}`)).toMatchObject({ state: { value } });
  }
  expect([await whole.end(), await joined.end()]).toEqual([0, 0]);
});

test.each([{ argv: ['replay', 'open', 'cut.sqlite'] }, { argv: ['inspect', '--journal', 'cut.sqlite'] }])(
  'without it $argv shows every actor, from what it was at its last archived event on',
  async ({ argv }) => {
    const whole = await inspected(folder.path, 'replay', 'open', 'whole.sqlite');
    const rest = await inspected(folder.path, ...argv);
    expect(await rest.states()).toEqual(await whole.states());
    expect(await rest.get('/api/overview')).toMatchObject({
      total: KEPT,
      journals: [{ archived: events.length - KEPT }],
    });
    const early = await rest.get('/api/state?actor=cut:pn/home&at=cut:3');
    expect(early).toMatchObject({ state: null, says: expect.stringContaining('in an archive') });
    expect([await whole.end(), await rest.end()]).toEqual([0, 0]);
  },
);
