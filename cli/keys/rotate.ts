import { Option, type Command } from 'commander';
import { loadKeysOptions } from '../config/keys.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, newKeyFileOption, setting, withKeyringKey } from '../options.ts';
import { run } from '../run.ts';
import { changeKeys, placesOf, type Changed, type GivenKeys } from './change.ts';
import { settleKeyFiles, type OldKey } from './files.ts';
import { openForChange } from './journal.ts';

interface RotateFlags extends GivenKeys {
  readonly oldKey: OldKey;
  readonly json?: true;
}

export function addRotateCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('rotate')
    .summary('encrypt all keys of a journal anew')
    .description(
      'Makes a new key-encryption key (or takes that of --new-key-file), encrypts every key of the journal anew, and puts\n' +
        'the new key into the place of the former one, which is kept as FILE.<id of the key> unless it is to be removed:\n' +
        'older copies of the journal need it. May be stopped at any moment and run again. The role has to be stopped.',
    )
    .addOption(setting('config', 'configuration of the role'))
    .addOption(setting('journal', 'the journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('credentialsFile', "the server's credentials, whose secrets are under the same key"))
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
        'CPNS_KEYRING_KEY=... cpns keys rotate --journal server.sqlite --new-key-file next.key',
      ),
    )
    .action(async (flags: RotateFlags) => finish(await rotate(host, withKeyringKey(flags, host))));
}

function rotate(host: Host, flags: RotateFlags): Promise<number> {
  const places = placesOf(loadKeysOptions(flags, host.cwd), flags, host.cwd);
  return run(host, async (running) => {
    const seams = await openForChange(host, running, places.journal);
    const result = await changeKeys(seams, places, flags);
    const files = settleKeyFiles(places, flags.oldKey);
    await host.out(`${flags.json === true ? JSON.stringify({ ...result, ...files }) : summaryOf(result, files)}\n`);
    return EXIT.ok;
  });
}

function summaryOf(result: Changed, files: ReturnType<typeof settleKeyFiles>): string {
  const what =
    result.kind === 'rotated'
      ? `${result.keys} keys are under ${result.toKekId} now, and no longer under ${result.fromKekId}`
      : `The keys are under ${result.toKekId} already`;
  const former = files.former === null ? '' : `; the former key is kept in ${files.former}`;
  return `${what}. The key is in ${files.keyFile}${former}.`;
}
