import { counted } from '../counted.ts';
import { Option, type Command } from 'commander';
import { loadKeysOptions, type LoneSecrets } from '../config/keys.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { mayExist } from '../journal/open.ts';
import {
  authorityOption,
  checkpointKeyOption,
  examples,
  jsonOption,
  newKeyFileOption,
  setting,
  withKeyringKey,
} from '../options.ts';
import { run } from '../run.ts';
import { changeKeys, changeSecrets, placesOf, type Changed, type GivenKeys, type Places } from './change.ts';
import { settleKeyFiles, type OldKey } from './files.ts';
import { namedJournal, openForChange } from './journal.ts';

interface RotateFlags extends GivenKeys, LoneSecrets {
  readonly oldKey: OldKey;
  readonly json?: true;
}

export function addRotateCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('rotate')
    .summary('encrypt all keys and secrets of a role anew')
    .description(
      'Makes a new key-encryption key (or takes that of --new-key-file), encrypts every key of the journal and every secret ' +
        'of the role anew, and puts the new key into the place of the former one, which is kept as FILE.<id of the key> ' +
        'unless it is to be removed: older copies of the journal need it. May be stopped at any moment and run again. The role has to be stopped.',
    )
    .addOption(setting('config', 'configuration of the role'))
    .addOption(setting('journal', 'the journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('credentialsFile', "the server's credentials, whose secrets are under the same key"))
    .addOption(authorityOption())
    .addOption(checkpointKeyOption())
    .addOption(newKeyFileOption())
    .addOption(
      new Option('--old-key <what>', 'what becomes of the file of the former key')
        .choices(['keep', 'remove'])
        .default('keep'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns keys rotate --config operator/server.yaml --old-key remove',
        'cpns keys rotate --authority operator/ca/ca.key',
        'CPNS_KEYRING_KEY=... cpns keys rotate --journal server.sqlite --new-key-file next.key',
      ),
    )
    .action(async (flags: RotateFlags) => finish(await rotate(host, withKeyringKey(flags, host))));
}

function rotate(host: Host, flags: RotateFlags): Promise<number> {
  const options = loadKeysOptions(flags, host.cwd);
  const places = placesOf(options, flags, host.cwd);
  return run(host, async (running) => {
    const result = hasSecretsAlone(places, flags)
      ? changeSecrets(places, flags, (length) => host.entropy.bytes(length))
      : await changeKeys(await openForChange(host, running, namedJournal(places.journal, flags.config)), places, flags);
    const files = settleKeyFiles(places, flags.oldKey);
    await host.out(`${flags.json === true ? JSON.stringify({ ...result, ...files }) : summaryOf(result, files)}\n`);
    return EXIT.ok;
  });
}

/**
 * Who keeps no journal, or a role of which nothing was started yet: its configuration names a journal that is not there.
 * @throws UsageError where a journal that lies elsewhere could lose its key
 */
function hasSecretsAlone({ journal, secrets }: Places, { journal: named, oldKey }: RotateFlags): boolean {
  if (secrets.length === 0 || named !== undefined) return false;
  if (journal === null) return true;
  if (mayExist(journal)) return false;
  if (oldKey === 'keep') return true;
  throw new UsageError(
    `There is no journal ${journal}, so the former key is not removed: one that lies elsewhere would be lost with it`,
    'Bring the journal back. If the role was never started, leave out --old-key remove.',
  );
}

function summaryOf(
  result: Changed | ReturnType<typeof changeSecrets>,
  files: ReturnType<typeof settleKeyFiles>,
): string {
  const what = whatBecame(result);
  const former = files.former === null ? '' : `; the former key is kept in ${files.former}`;
  return `${what}. The key is in ${files.keyFile}${former}.`;
}

function whatBecame(result: Changed | ReturnType<typeof changeSecrets>): string {
  switch (result.kind) {
    case 'rotated':
      return `${counted(result.keys, 'key')} now under ${result.toKekId}, and no longer under ${result.fromKekId}`;
    case 'already':
      return `The keys are under ${result.toKekId} already`;
    case 'rewrapped':
      return `${counted(result.secrets, 'secret')} now under ${result.toKekId}`;
  }
}
