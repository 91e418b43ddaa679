import type { JournalSeams } from '../actors/roles/journal/journal-actor.ts';
import { Checkpoints } from '../actors/roles/journal/record/checkpoints.ts';
import { recordOpening } from '../actors/roles/journal/record/opening.ts';
import { lineLog, type Log } from '../seams/log.ts';
import type { Seams } from '../actors/start.ts';
import type { RuntimeOptions } from '../actors/loop/runtime.ts';
import { SNAPSHOT_EVERY } from '../actors/loop/snapshots.ts';
import { connectNats } from '../wire/nats.ts';
import type { Wire } from '../wire/port.ts';
import type { CheckpointOptions } from './config/checkpoints.ts';
import type { Kek } from './config/kek.ts';
import type { NatsAccess } from './config/types.ts';
import type { Host } from './host.ts';
import { journalName, openJournal, type OpenJournal } from './journal/open.ts';
import { noticeCharts } from './journal/charts.ts';
import { openKeyringOf } from './keys/open.ts';
import type { LogFlags } from './options.ts';
import type { Running } from './run.ts';

/** What every role that runs as a process is given. */
export interface RoleProcess {
  readonly seams: Seams;
  readonly journal: OpenJournal;
  readonly wire: Wire;
  readonly log: Log;
  /** Null: the operator signs nothing of it. */
  readonly checkpoints: Checkpoints | null;
}

/** What is told on standard error, and how. */
export interface LogSettings extends LogFlags {
  readonly tells?: 'everything' | 'errors';
}

/** For a command that people wait for: they see its result, and what lost frames and retries led to it is no concern of theirs. */
export const OF_A_TASK: LogSettings = { log: 'text', tells: 'errors' };

/** The log of a process, on standard error. */
export function logOf(host: Host, role: string, { log: json, tells = 'everything' }: LogSettings): Log {
  const all = lineLog({ role, json, now: () => host.clock.now(), write: (line) => host.err(line) });
  return tells === 'everything' ? all : { ...all, info: () => {}, warn: () => {} };
}

/** A warning for each secret that anybody who gets hold of its file can read. */
export function tellPlainFiles(log: Log, files: readonly string[]): void {
  for (const file of files) log.warn('A SECRET LIES IN PLAIN', { file, remedy: 'cpns keys wrap encrypts it' });
}

export interface RoleProcessOptions extends NatsAccess {
  readonly role: RuntimeOptions['role']['name'];
  /** Shown in the NATS server's connection list. */
  readonly name: string;
  readonly journal: string;
  readonly kek: Kek;
  readonly snapshotEvery?: number;
  readonly checkpoints: CheckpointOptions | null;
}

/**
 * Opens journal, key file and wire of a role; whatever was opened is closed at the end of the run, the journal last.
 * @throws JournalError, UsageError for the key-encryption key
 */
export async function openRoleProcess(
  host: Host,
  { onClose }: Running,
  options: RoleProcessOptions,
  logging: LogSettings,
): Promise<RoleProcess> {
  const { role, name, natsUrls, natsUser, natsCa, kek, snapshotEvery = SNAPSHOT_EVERY } = options;
  const { clock, entropy } = host;
  const log = logOf(host, role, logging);
  const journal = await openJournal(options.journal, role === 'cpns-server' ? 'several' : 'alone');
  onClose('the journal', () => journal.close());
  const { seen, warnings } = journal.durability;
  log.info('journal', { journal: journalName(options.journal), ...seen });
  for (const warning of warnings) log.warn(`the journal is not as safe as it could be: ${warning}`, {});
  await noticeCharts(journal, log);
  const keyring = await openKeyringOf({ journal, clock, entropy, role }, journalName(options.journal), kek);
  const own = { journal, clock, entropy, role, log };
  await recordOpening(own, journal.durability);
  const checkpoints = options.checkpoints === null ? null : await startCheckpoints(own, options.checkpoints);
  if (checkpoints !== null) onClose('the last checkpoint', () => checkpoints.stop());
  const wire = connectNats({ servers: natsUrls, user: natsUser, ca: natsCa, name, log, clock, entropy });
  onClose('the connection to NATS', () => wire.close());
  wire.onStatus((status) => log.info(`NATS ${status}`, { servers: natsUrls.length }));
  const seams: Seams = { journal, wire, clock, entropy, log, keyring, observers: 'publish', snapshotEvery };
  return { seams, journal, wire, log, checkpoints };
}

function startCheckpoints(
  seams: JournalSeams & { readonly log: Log },
  { signer, ...settings }: CheckpointOptions,
): Promise<Checkpoints> {
  seams.log.info('checkpoints are signed', { name: signer.verifier.name, ...settings });
  return Checkpoints.start(seams, signer, settings);
}
