import { resolve } from 'node:path';
import { audit } from '../../replay/audit.ts';
import { canonicalJson } from '../../fold/canonical.ts';
import { checkReceipt } from '../../replay/receipt.ts';
import { judge, verdictJson } from '../../replay/verdict.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { read, readNoteVerifier } from '../keys/note-keys.ts';
import { progressOf } from '../journal/progress.ts';
import { archiveOption, examples, jsonOption, parseJournal, type Register } from '../options.ts';
import type { AddReplay } from '../replay/add.ts';
import { VERDICT_EXIT } from '../replay/exit.ts';
import { addExport } from '../replay/export.ts';
import { keepHeapSmall } from '../replay/heap.ts';
import { readAuditorsFiles } from '../replay/keys.ts';
import { addOpen } from '../replay/inspect.ts';
import { openSources } from '../replay/open.ts';
import { addReport } from '../replay/report.ts';
import { addDiff, addState } from '../replay/state.ts';
import { verdictText } from '../replay/text.ts';
import { addTrace } from '../replay/trace.ts';
import { run, type Running } from '../run.ts';
import { programVersion } from '../version.ts';

const JOURNALS = 'operator/server.sqlite operator/gateways/hub-hall.sqlite';
const KEY = '--key operator/checkpoint.key.pub';

export const replay: Register = (program, host, finish) => {
  const group = program
    .command('replay')
    .summary('audit journals: are they whole, and did everyone keep to the rules')
    .description(
      'Reads journals, offline or beside their running roles, and changes nothing: SQLite files, PostgreSQL addresses and ' +
        'exports (`cpns journal export`) alike.',
    )
    .addHelpText(
      'after',
      examples(`cpns replay verify ${JOURNALS} ${KEY}`, `cpns replay receipt event-17.tlog-proof ${KEY}`),
    );
  addVerify(group, host, finish);
  addReceipt(group, host, finish);
  addState(group, host, finish);
  addDiff(group, host, finish);
  addTrace(group, host, finish);
  addReport(group, host, finish);
  addExport(group, host, finish);
  addOpen(group, host, finish);
};

interface VerifyFlags {
  readonly key?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly archive?: readonly string[];
  readonly json?: true;
}

const addVerify: AddReplay = (group, host, finish) => {
  group
    .command('verify')
    .summary('say whether records are whole, and what in them is against the rules')
    .description(
      'Hashes every event against the tree of its journal and what was signed of it, folds every stream through its chart, ' +
        'and holds what the journals of server, PN GW and devices say against each other.\n\n' +
        'Exit codes: 0 CONFORMANT, 3 DEVIATIONS, 4 TAMPERED, 5 INCOMPLETE (a part of it could not be judged); 2 wrong use.',
    )
    .argument(
      '<journal...>',
      'SQLite files, postgres:// addresses, exports; archives with the journal that they are of',
    )
    .option('--key <file...>', 'public keys that sign the checkpoints')
    .option('--checkpoint <file...>', 'checkpoints that you kept')
    .addOption(archiveOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        `cpns replay verify operator/server.sqlite ${KEY} --checkpoint kept.note`,
        `cpns replay verify ${JOURNALS} ${KEY} --json`,
        'cpns replay verify operator/server.sqlite --archive server-1.jsonl server-2.jsonl',
      ),
    )
    .action(async (journals: readonly string[], flags: VerifyFlags) => {
      finish(await run(host, (running) => verify(host, running, journals, flags)));
    });
};

async function verify(host: Host, running: Running, journals: readonly string[], flags: VerifyFlags): Promise<number> {
  keepHeapSmall();
  const files = readAuditorsFiles(host, flags);
  const sources = await openSources(host, running, { journals: journals.map(parseJournal), archives: flags.archive });
  const bars = new Map(sources.map(({ name }) => [name, progressOf(host, name)]));
  const onProgress = (name: string, { done, all }: { readonly done: number; readonly all: number }): void =>
    bars.get(name)?.(done, all);
  const judged = judge(await audit(sources, { ...files, onProgress }), programVersion());
  await host.out(flags.json === true ? `${canonicalJson(verdictJson(judged.verdict))}\n` : verdictText(judged));
  return VERDICT_EXIT[judged.verdict.verdict];
}

const addReceipt: AddReplay = (group, host, finish) => {
  group
    .command('receipt')
    .summary('check the receipt of an event, with no journal at all')
    .description(
      'A receipt (C2SP tlog-proof, from `cpns journal prove --position`) shows that the operator signed a record that holds ' +
        'this very event. Exit codes: 0 it does, 4 it does not; 2 wrong use.',
    )
    .argument('<file>', 'the receipt')
    .requiredOption('--key <file>', 'public key of the operator')
    .addOption(jsonOption())
    .addHelpText('after', examples(`cpns replay receipt event-17.tlog-proof ${KEY}`))
    .action(async (file: string, { key, json }: { readonly key: string; readonly json?: true }) => {
      finish(await receipt(host, file, key, json === true ? 'json' : 'text'));
    });
};

async function receipt(host: Host, file: string, key: string, as: 'json' | 'text'): Promise<number> {
  const verifier = readNoteVerifier(resolve(host.cwd, key));
  const found = checkReceipt(read(resolve(host.cwd, file), 'receipt'), verifier);
  if (as === 'json') await host.out(`${JSON.stringify(found)}\n`);
  else if (found.kind === 'refused') await host.out(`not valid: ${found.reason}\n`);
  else {
    const { position, size, leaf } = found;
    await host.out(`valid: ${verifier.name} signed ${size} events, and at position ${position} this one:\n${leaf}\n`);
  }
  return found.kind === 'valid' ? EXIT.ok : VERDICT_EXIT.TAMPERED;
}
