import { counted } from '../counted.ts';
import { z } from 'zod';
import { rootOf } from '../../journal/merkle/frontier.ts';
import type { BaseChart } from '../../journal/port.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { countJournal } from '../../journal/sql/stat.ts';
import { recordedOpenings } from '../../replay/openings.ts';
import { outdatedBases } from '../../replay/evolution.ts';
import { latestNote } from '../../replay/latest-note.ts';
import { toBase64 } from '../../security/transparency/base64.ts';
import { REFOLD } from './charts.ts';

/** What `cpns journal stat` tells: counts, times in RFC 3339, hashes in base64. */
export type JournalStat = Awaited<ReturnType<typeof statOf>>;

export async function statOf(journal: SqlReader) {
  const tree = await journal.tree();
  const latest = await latestNote(journal);
  const { openings, last: opening } = await recordedOpenings(journal);
  const counts = await countJournal(journal.db, journal.capabilities);
  const signedUpTo = latest?.size ?? 0;
  const baseCharts = await journal.baseCharts();
  return {
    events: tree.size,
    root: toBase64(rootOf(tree)),
    lastRecordedAt: await recordedAt(journal, tree.size),
    streams: counts.streams,
    /** The first events, which are in archives; 0 where all are here. */
    archivedUpTo: (await journal.archived())?.upTo ?? 0,
    /** Streams that go on from a state, and those of them whose chart has changed since. */
    bases: sum(baseCharts),
    outdatedBases: sum(outdatedBases(baseCharts)),
    sizeBytes: counts.sizeBytes,
    schema: counts.schema,
    signedUpTo,
    signedAt: latest?.recordedAt ?? null,
    signedBy: latest?.origin ?? null,
    /** Events that no checkpoint covers; its own event is not counted. */
    unsigned: latest === null ? tree.size : Math.max(0, tree.size - signedUpTo - 1),
    taken: counts.taken,
    answers: counts.answers,
    outbox: counts.outbox,
    timers: counts.timers,
    nextTimerAt: counts.nextTimerAt === null ? null : new Date(counts.nextTimerAt).toISOString(),
    keys: counts.keys,
    snapshots: counts.snapshots,
    openings,
    lastOpenedAt: opening?.recordedAt ?? null,
    durability: opening === null ? null : { database: opening.database, ...opening.settings },
    warnings: opening?.warnings ?? [],
  };
}

const sum = (charts: readonly BaseChart[]): number => charts.reduce((all, { bases }) => all + bases, 0);

async function recordedAt(journal: SqlReader, position: number): Promise<string | null> {
  const [event] = position === 0 ? [] : await journal.readAll({ after: position - 1, limit: 1 });
  return event?.meta.recordedAt ?? null;
}

const MIB = 1_048_576;

/** For people: a line each, what belongs together in one. */
export function statText(stat: JournalStat): string {
  const signed =
    stat.signedBy === null
      ? 'no checkpoint'
      : `${stat.signedUpTo} events by ${stat.signedBy}, ${stat.signedAt}; ${stat.unsigned} since`;
  const lines: readonly (readonly [name: string, value: string | number])[] = [
    ['events', `${stat.events} in ${counted(stat.streams, 'stream')}`],
    ['archived', archivedText(stat)],
    ['last', stat.lastRecordedAt ?? '-'],
    ['root', stat.root],
    ['signed', signed],
    ['size', `${(stat.sizeBytes / MIB).toFixed(1)} MiB, schema ${stat.schema}`],
    ['messages', `${stat.taken} were taken and are known again, with ${stat.answers} answers`],
    ['outbox', `${stat.outbox} messages wait for an answer`],
    ['timers', stat.nextTimerAt === null ? 'none' : `${stat.timers}, the next is due ${stat.nextTimerAt}`],
    ['keys', stat.keys],
    ['snapshots', stat.snapshots],
    [
      'opened',
      stat.lastOpenedAt === null ? 'not recorded' : `${counted(stat.openings, 'time')}, last ${stat.lastOpenedAt}`,
    ],
    ['durability', settingsText(stat.durability)],
    ...stat.warnings.map((warning) => ['warning', warning] as const),
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
}

function archivedText({ archivedUpTo, bases, outdatedBases: outdated }: JournalStat): string {
  if (archivedUpTo === 0) return 'none';
  const behind = `events 1 to ${archivedUpTo}; ${bases} streams go on from the state behind them`;
  return outdated === 0 ? behind : `${behind}, ${outdated} of them CHANGED: ${REFOLD}`;
}

/** As `DurabilityObserved` of any version has it. */
const Named = z.record(z.string(), z.string());

function settingsText(settings: JournalStat['durability']): string {
  if (settings === null) return 'not recorded';
  return Object.entries(Named.parse(settings))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
