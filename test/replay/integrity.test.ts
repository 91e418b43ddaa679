import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JournalSeams } from '../../actors/roles/journal/journal-actor.ts';
import { recordStep } from '../../actors/roles/journal/record/stream.ts';
import { signCheckpoint } from '../../actors/roles/journal/record/checkpoint.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { SeededEntropy } from '../../seams/entropy.ts';
import { leafHash } from '../../journal/leaf.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { storedCheckpoints, type SignedHead } from '../../replay/checkpoints.ts';
import { verifyIntegrity, type Integrity } from '../../replay/integrity.ts';
import type { JournalSource } from '../../replay/source.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { newNoteSigner } from '../../security/transparency/note-key.ts';
import { any, appendTo, commitOf, eventOf, noStream } from '../journal/controls.ts';
import { useFolder } from '../journal/sqlite/folder.ts';

const file = useFolder();
const signer = newNoteSigner('cpns/example', (length) => new SeededEntropy('signer').bytes(length));

/** 600 events of two streams, a checkpoint at 300 and one at the end. */
beforeEach(async () => {
  const journal = await openSqliteJournal(file());
  const seams: JournalSeams = {
    journal,
    clock: new SimulatedClock(),
    entropy: new SeededEntropy('seams'),
    role: 'cpns-server',
  };
  const events = Array.from({ length: 300 }, (_, i) => eventOf('E', { data: { i } }));
  await journal.commit(commitOf({ appends: [{ stream: 'a', expected: noStream, events }] }));
  await signCheckpoint(seams, signer);
  await journal.commit(commitOf({ appends: [{ stream: 'b', expected: noStream, events: events.slice(0, 299) }] }));
  await signCheckpoint(seams, signer);
  await journal.close();
});

function tamper(sql: string): void {
  const database = new DatabaseSync(file());
  database.exec(sql);
  database.close();
}

const open = async (): Promise<JournalSource> => sqlSource('journal', await openSqliteReader(file()));

async function heads(): Promise<readonly SignedHead[]> {
  const reader = await open();
  const found = await storedCheckpoints(reader, [signer.verifier]);
  await reader.close();
  return found.flatMap((one) => (one.kind === 'signed' ? [one.head] : []));
}

async function verify(signed: readonly SignedHead[]): Promise<Integrity> {
  const reader = await open();
  try {
    return await verifyIntegrity(reader, signed);
  } finally {
    await reader.close();
  }
}

const first = async (signed: readonly SignedHead[]): Promise<unknown> => (await verify(signed)).faults[0];

describe('a journal that nobody touched', () => {
  it('is whole, and agrees with all that was signed', async () => {
    const signed = await heads();
    expect(signed.map(({ size }) => size)).toEqual([300, 600]);
    expect(await verify(signed)).toMatchObject({ events: 601, faults: [], signedUpTo: 600 });
  });

  it('is told from one whose checkpoints another key signed', async () => {
    const other = newNoteSigner('cpns/example', () => new Uint8Array(32));
    const reader = await open();
    const found = await storedCheckpoints(reader, [other.verifier]);
    await reader.close();
    expect(found.map((one) => one.kind === 'refused' && one.reason)).toEqual(['unsigned', 'unsigned']);
  });
});

describe('a journal that was changed by hand', () => {
  it.each([
    'stream',
    'version',
    'type',
    'schema_version',
    'data',
    'message_id',
    'correlation_id',
    'causation_id',
    'role',
    'chart_id',
    'chart_hash',
    'cr_step',
    'recorded_at',
  ])('shows where, whichever column it was: %s', async (column) => {
    const signed = await heads();
    const value = column.endsWith('version') ? '999' : column === 'data' ? `'{"i": 41}'` : `'other'`;
    tamper(`update events set ${column} = ${value} where position = 42`);
    const { faults } = await verify(signed);
    expect(faults[0]?.position).toBe(42);
    expect(faults.map(({ kind }) => kind)).toContain('changed');
    expect(faults.find(({ kind }) => kind === 'rewritten')).toMatchObject({ position: 300 });
  });

  it('shows an event that was removed, even where those behind it moved up', async () => {
    const signed = await heads();
    tamper('delete from events where position = 42');
    expect(await first(signed)).toMatchObject({ kind: 'removed', position: 42 });
    tamper('update events set position = position - 1 where position > 42; update head set position = 600');
    expect(await first(signed)).toMatchObject({ position: 42 });
  });

  it('shows an event that was inserted, and two that changed places', async () => {
    const signed = await heads();
    tamper(`update events set position = -position where position > 42;
      update events set position = 1 - position where position < 0;
      insert into events select 43, 'c', 1, type, schema_version, data, message_id, correlation_id, causation_id, role,
        chart_id, chart_hash, cr_step, recorded_at, leaf from events where position = 42`);
    expect(await first(signed)).toMatchObject({ kind: 'inserted', position: 43 });
    tamper(`delete from events where position = 43;
      update events set position = -1 where position = 10; update events set position = 10 where position = 11;
      update events set position = 11 where position = -1`);
    expect(await first(signed)).toMatchObject({ position: 10, kind: 'reordered' });
  });

  it('shows that its end was cut off, by what was signed', async () => {
    const signed = await heads();
    tamper('delete from events where position > 500');
    const { faults } = await verify(signed);
    expect(faults.map(({ kind }) => kind)).toContain('truncated');
  });

  it('shows what was forged with every hash made anew, by the signature alone', async () => {
    const signed = await heads();
    tamper(`update events set data = '{"i":7777}' where position = 42`);
    const reader = await openSqliteReader(file());
    const [event] = await reader.readAll({ after: 41, limit: 1 });
    await reader.close();
    const leaf = Buffer.from(leafHash(event as RecordedEvent, '{"i":7777}')).toString('hex');
    tamper(`update events set leaf = x'${leaf}' where position = 42; alter table events drop column leaf;
      alter table head drop column roots; drop table merkle_nodes; drop table snapshots; drop table charts; drop table archive; drop table archived_leaves; drop table bases; delete from kysely_migration where name > '0001-journal'`);
    await (await openSqliteJournal(file())).close();
    expect((await verify([])).faults).toEqual([]);
    expect(await first(signed)).toMatchObject({ kind: 'rewritten', position: 300 });
  });

  it('shows a node or an edge of the tree that was changed', async () => {
    tamper(`update merkle_nodes set hash = x'${'00'.repeat(32)}' where idx = 1`);
    expect(await first([])).toMatchObject({ kind: 'tree', position: 512 });
    tamper(`update head set roots = x'${'00'.repeat(32 * 5)}'`);
    expect((await verify([])).faults.map(({ kind }) => kind)).toEqual(['tree', 'tree']);
  });
});

describe('a checkpoint', () => {
  it('is not signed twice for one state, nor for a smaller one', async () => {
    const journal = await openSqliteJournal(file());
    const clock = new SimulatedClock();
    const seams: JournalSeams = { journal, clock, entropy: new SeededEntropy('again'), role: 'cpns-server' };
    expect(await signCheckpoint(seams, signer)).toMatchObject({ kind: 'standing', size: 600 });
    await journal.commit(appendTo('c', any, 'E'));
    expect(await signCheckpoint(seams, signer)).toMatchObject({ kind: 'fresh', size: 602 });
    const earlier = { size: 600, root: 'A'.repeat(43), note: 'x' };
    expect(await recordStep(seams, { type: 'CheckpointSigned', data: earlier })).toBe('refused');
    await journal.close();
  });

  it('is not made of an empty journal', async () => {
    const journal = await openSqliteJournal(`${file()}-empty`);
    const seams: JournalSeams = {
      journal,
      clock: new SimulatedClock(),
      entropy: new SeededEntropy('empty'),
      role: 'pne',
    };
    expect(await signCheckpoint(seams, signer)).toBeNull();
    await journal.close();
  });
});
