import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { signCheckpoint } from '../../actors/roles/journal/record/checkpoint.ts';
import type { JournalSource } from '../../replay/source.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { checkReceipt } from '../../replay/receipt.ts';
import { verifierToText } from '../../security/transparency/note-key.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { givenJournal, openJournalReader } from '../journal/open.ts';
import { openForChange } from '../keys/journal.ts';
import { makeNoteKey, noteKek, noteKekOrNew, read, readNoteSigner, readNoteVerifier } from '../keys/note-keys.ts';
import { progressOf } from '../journal/progress.ts';
import { consistencyOf, provenBy } from '../journal/prove.ts';
import { chartsJson, chartsReport, chartsText } from '../journal/charts.ts';
import { readStored, refuseArchived, withArchives } from '../journal/archives.ts';
import { basesText, checkBases } from '../journal/bases.ts';
import { checkSnapshots, snapshotsText } from '../journal/snapshots.ts';
import { statOf, statText } from '../journal/stat.ts';
import { isWhole, verificationJson, verificationText, verifyJournal } from '../journal/verify.ts';
import { archiveOption, count, examples, jsonOption, setting, type Register, withKeyringKey } from '../options.ts';
import { run, type Running } from '../run.ts';
import { addCompact } from './journal-compact.ts';
import { addExport, addImport } from './journal-export.ts';
import { addSnapshots } from './journal-snapshots.ts';

interface Flags extends Pick<Given, 'keyFile'> {
  readonly journal?: string;
  readonly key?: string;
  readonly json?: true;
}

const JOURNAL = 'operator/server.sqlite';

export const journal: Register = (program, host, finish) => {
  const group = program
    .command('journal')
    .summary('sign, prove, verify and export a journal')
    .description(
      'A journal keeps a Merkle tree over its events (RFC 6962). The operator signs its root now and then; from then on ' +
        'nobody can change, remove or insert an event without being found out. Reading changes nothing.',
    )
    .addHelpText(
      'after',
      examples(
        'cpns journal key operator/checkpoint.key --name cpns/example',
        `cpns journal checkpoint --journal ${JOURNAL} --key operator/checkpoint.key`,
        `cpns journal verify --journal ${JOURNAL} --key operator/checkpoint.key.pub`,
        `cpns journal export --journal ${JOURNAL} -o server.jsonl`,
      ),
    );
  addKey(group, host, finish);
  addCheckpoint(group, host, finish);
  addProve(group, host, finish);
  addVerify(group, host, finish);
  addExport(group, host, finish);
  addImport(group, host, finish);
  addCharts(group, host, finish);
  addSnapshots(group, host, finish);
  addCompact(group, host, finish);
  addStat(group, host, finish);
};

const NOTE_KEK_SAYS = 'file of the key that it is encrypted under (default: beside it, with .kek behind its name)';

type Add = (group: Command, host: Host, finish: (code: number) => void) => void;

const addKey: Add = (group, host, finish) => {
  group
    .command('key')
    .summary('make the key that signs checkpoints')
    .description(
      'Writes the key to FILE, encrypted under the key in CPNS_KEYRING_KEY or in a key file (default: FILE.kek, made when ' +
        'it is not there), and its public half to FILE.pub, which is for auditors.',
    )
    .argument('<file>', 'where the key is written; no file may be there')
    .requiredOption('--name <name>', 'unique name of the journal and its key, e.g. cpns/example')
    .addOption(setting('keyFile', NOTE_KEK_SAYS))
    .addHelpText('after', examples('cpns journal key operator/checkpoint.key --name cpns/example'))
    .action(async (file: string, flags: Given & { readonly name: string }) => {
      const { name } = flags;
      if (!/^[^\s+]{1,128}$/u.test(name))
        throw new UsageError(`'${name}' cannot name a key`, 'Give 1 to 128 characters without white space and +.');
      const path = resolve(host.cwd, file);
      const kek = noteKekOrNew(path, withKeyringKey(flags, host), host);
      const { verifier } = makeNoteKey(path, name, kek, host.entropy);
      await host.out(`${verifierToText(verifier)}\n`);
      finish(EXIT.ok);
    });
};

const addCheckpoint: Add = (group, host, finish) => {
  group
    .command('checkpoint')
    .summary('sign what the journal is now')
    .description(
      'Signs the number of events and the root of their tree (C2SP tlog-checkpoint), writes the note into the journal and ' +
        'prints it. Keep copies elsewhere: what they cover can never be taken back. The role must be stopped.',
    )
    .addOption(setting('journal', 'the journal'))
    .requiredOption('--key <file>', 'the key that `cpns journal key` made')
    .addOption(setting('keyFile', NOTE_KEK_SAYS))
    .addHelpText('after', examples(`cpns journal checkpoint --journal ${JOURNAL} --key operator/checkpoint.key`))
    .action(async (flags: Flags) => finish(await run(host, (running) => checkpoint(host, running, flags))));
};

const addProve: Add = (group, host, finish) => {
  group
    .command('prove')
    .summary('prove that an event is in the journal, or that it only grew')
    .description(
      'With --position: a receipt (C2SP tlog-proof) with the event, which anybody can check with the public key alone. ' +
        'With --from: the hashes that show that the journal of today begins with its first so many events.',
    )
    .addOption(setting('journal', 'the journal'))
    .option('--position <position>', 'prove this event', count)
    .addOption(archiveOption())
    .option('--from <size>', 'prove that the first so many events are still there', count)
    .option('-o, --output <file>', 'write it to a file')
    .addHelpText('after', examples(`cpns journal prove --journal ${JOURNAL} --position 17 -o event-17.tlog-proof`))
    .action(async (flags: ProveFlags) => finish(await run(host, (running) => prove(host, running, flags))));
};

const addVerify: Add = (group, host, finish) => {
  group
    .command('verify')
    .summary('check that no event was changed, removed or inserted')
    .description(
      'Reads and hashes every event, and compares with the tree of the journal, with its checkpoints, and with those that ' +
        'you kept. Exit code 1 when something is not what was written. With --receipt, checks a receipt and no journal.',
    )
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .option('--key <file>', 'public key of the operator')
    .option('--checkpoint <file...>', 'checkpoints that you kept')
    .option('--receipt <file>', 'check this receipt alone')
    .addOption(archiveOption())
    .option('--snapshots', 'fold the streams that have snapshots, and compare')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        `cpns journal verify --journal ${JOURNAL} --key operator/checkpoint.key.pub --checkpoint kept.note`,
        'cpns journal verify --receipt event-17.tlog-proof --key operator/checkpoint.key.pub',
      ),
    )
    .action(async (flags: VerifyFlags) => {
      finish(
        flags.receipt === undefined
          ? await run(host, (running) => verify(host, running, flags))
          : await verifyReceipt(host, flags.receipt, flags),
      );
    });
};

const addCharts: Add = (group, host, finish) => {
  group
    .command('charts')
    .summary('list the charts that events were recorded under, and the streams that no longer fold')
    .description(
      'An event names the chart that took it, and the hash of its definition. Where this program has another definition, ' +
        'every stream is folded through that of today, as its role would: a stream that it does not take is told, with the ' +
        'event, the state before it, and what would have been possible. Exit code 1 when there is one.',
    )
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .addOption(archiveOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns journal charts --journal ${JOURNAL}`))
    .action(async (flags: ProveFlags) => finish(await run(host, (running) => listCharts(host, running, flags))));
};

const addStat: Add = (group, host, finish) => {
  group
    .command('stat')
    .summary('print how large the journal is, what is signed of it, what waits in it, and how safe its database is')
    .description(
      'Counts events, streams, bytes, messages and timers that wait, keys and snapshots; says up to where the operator signed ' +
        'it and how much came since, and what the last process that opened it saw of the settings of its database.',
    )
    .addOption(setting('journal', 'the journal; also while its role runs'))
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns journal stat --journal ${JOURNAL}`))
    .action(async (flags: Flags) => finish(await run(host, (running) => stat(host, running, flags))));
};

interface ProveFlags extends Flags {
  readonly archive?: readonly string[];
  readonly position?: number;
  readonly from?: number;
  readonly output?: string;
}

interface VerifyFlags extends Flags {
  readonly checkpoint?: readonly string[];
  readonly receipt?: string;
  readonly snapshots?: true;
  readonly archive?: readonly string[];
}

async function openReader(host: Host, { onClose }: Running, flags: Flags) {
  const reader = await openJournalReader(givenJournal(host.cwd, flags));
  onClose('the journal', () => reader.close());
  return reader;
}

async function checkpoint(host: Host, running: Running, flags: Flags): Promise<number> {
  const path = resolve(host.cwd, flags.key ?? '');
  const signer = readNoteSigner(path, noteKek(path, withKeyringKey(flags, host), host.cwd));
  const seams = await openForChange(host, running, givenJournal(host.cwd, flags));
  const signed = await signCheckpoint(seams, signer);
  if (signed === null) throw new UsageError('The journal has no events', 'Start its role once.');
  await host.out(signed.note);
  return EXIT.ok;
}

async function prove(host: Host, running: Running, flags: ProveFlags): Promise<number> {
  const { position, from, output } = flags;
  if ((position === undefined) === (from === undefined))
    throw new UsageError('Say what to prove', 'Give one of --position and --from.');
  const reader = await openReader(host, running, flags);
  const text =
    position === undefined
      ? `${JSON.stringify(await consistencyOf(reader, from ?? 0))}\n`
      : await provenBy(reader, position, await readStored(host, reader, flags.archive));
  if (output === undefined) await host.out(text);
  else write(resolve(host.cwd, output), text);
  return EXIT.ok;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${fileReason(error)}`, 'Name another file with -o.');
  }
}

async function verify(host: Host, running: Running, flags: VerifyFlags): Promise<number> {
  const { key, checkpoint: files = [] } = flags;
  if (key === undefined && files.length > 0)
    throw new UsageError('A checkpoint says nothing without the key that signed it', 'Give --key.');
  const verifier = key === undefined ? null : readNoteVerifier(resolve(host.cwd, key));
  const brought = files.map((file) => [basename(file), read(resolve(host.cwd, file), 'checkpoint')] as const);
  const reader = await openReader(host, running, flags);
  const { archive } = flags;
  const source =
    archive === undefined
      ? await sqlSource('the journal', reader)
      : await withArchives(host, 'the journal', reader, archive);
  const tell = progressOf(host, 'verified');
  const found = await verifyJournal(source, verifier, brought, ({ done, all }) => tell(done, all));
  await host.out(
    flags.json === true ? `${JSON.stringify(verificationJson(found))}\n` : verificationText(found, verifier),
  );
  const archived = await reader.archived();
  if (archive !== undefined && !(await compareBases(host, reader, source, flags))) return EXIT.failure;
  if (archive === undefined && archived !== null)
    host.err(`cpns: events 1 to ${archived.upTo} are in an archive and were not read: give --archive FILE\n`);
  const sound = flags.snapshots !== true || (await compareSnapshots(host, reader, flags));
  return isWhole(found) && sound ? EXIT.ok : EXIT.failure;
}

async function compareBases(host: Host, reader: SqlReader, source: JournalSource, flags: Flags): Promise<boolean> {
  const tell = progressOf(host, 'folded');
  const report = await checkBases(reader, source, ({ done, all }) => tell(done, all));
  await host.out(`${flags.json === true ? JSON.stringify({ bases: report }) : basesText(report)}\n`);
  return report.wrong.length === 0;
}

async function compareSnapshots(host: Host, reader: SqlReader, flags: Flags): Promise<boolean> {
  const tell = progressOf(host, 'compared', 'snapshots');
  const report = await checkSnapshots(reader, (done) => tell(done, null));
  await host.out(`${flags.json === true ? JSON.stringify({ snapshots: report }) : snapshotsText(report)}\n`);
  return report.sound;
}

async function listCharts(host: Host, running: Running, flags: ProveFlags): Promise<number> {
  const reader = await openReader(host, running, flags);
  const { archive } = flags;
  if (archive === undefined) await refuseArchived(reader);
  const source = await withArchives(host, 'the journal', reader, archive ?? []);
  const tell = progressOf(host, 'folded');
  const report = await chartsReport(reader, source, ({ done, all }) => tell(done, all));
  await host.out(flags.json === true ? `${JSON.stringify(chartsJson(report))}\n` : chartsText(report));
  return report.count === 0 ? EXIT.ok : EXIT.failure;
}

async function verifyReceipt(host: Host, file: string, flags: VerifyFlags): Promise<number> {
  if (flags.key === undefined) throw new UsageError('A receipt says nothing without a key', 'Give --key.');
  const verifier = readNoteVerifier(resolve(host.cwd, flags.key));
  const receipt = checkReceipt(read(resolve(host.cwd, file), 'receipt'), verifier);
  if (flags.json === true) await host.out(`${JSON.stringify(receipt)}\n`);
  else if (receipt.kind === 'refused') await host.out(`not valid: ${receipt.reason}\n`);
  else {
    const { position, size, leaf } = receipt;
    await host.out(`valid: ${verifier.name} signed ${size} events, and at position ${position} this one:\n${leaf}\n`);
  }
  return receipt.kind === 'valid' ? EXIT.ok : EXIT.failure;
}

async function stat(host: Host, running: Running, flags: Flags): Promise<number> {
  const reader = await openReader(host, running, flags);
  const found = await statOf(reader);
  await host.out(flags.json === true ? `${JSON.stringify(found)}\n` : statText(found));
  return EXIT.ok;
}
