import { erase as eraseSubject, type Erasure } from '../../actors/roles/cpns-server/subject/erase.ts';
import { loadKeysOptions } from '../config/keys.ts';
import { id } from '../config/fields.ts';
import { strikeFromConfiguration } from '../erase/configuration.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { journalName } from '../journal/open.ts';
import type { GivenKeys } from '../keys/change.ts';
import { forgetForGood, forGoodText, mayDestroyForGood } from '../keys/for-good.ts';
import { namedJournal, openForChange } from '../keys/journal.ts';
import { examples, jsonOption, newKeyFileOption, parser, setting, type Register, withKeyringKey } from '../options.ts';
import { run } from '../run.ts';

interface EraseFlags extends GivenKeys {
  readonly device: string;
  readonly yes?: true;
  readonly json?: true;
}

export const erase: Register = (program, host, finish) => {
  program
    .command('erase')
    .summary('erase what is personal about a device, for good')
    .description(
      'Destroys the key that user, name and MAC address of a device are encrypted under in the journal of the server, records ' +
        'that it did, and takes the same out of the file of --config. Nobody can read them again: no event is changed, so ' +
        'every proof still verifies. On PostgreSQL the key-encryption key is changed as well, as by `cpns keys destroy`. The ' +
        'server has to be stopped. May be stopped at any moment and run again. A device that registers again may tell anew, ' +
        'under another key. Backups: docs/erasure.md.',
    )
    .requiredOption('--device <id>', 'the device', parser(id))
    .addOption(setting('config', 'configuration of the server'))
    .addOption(setting('journal', 'the journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('credentialsFile', "the server's credentials, whose secrets are under the same key"))
    .addOption(newKeyFileOption())
    .option('--yes', 'do it: it cannot be undone')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns erase --device hall-motion --config operator/server.yaml --yes',
        'cpns erase --device hall-motion --journal operator/server.sqlite --yes --json',
      ),
    )
    .action(async (flags: EraseFlags) => finish(await eraseDevice(host, withKeyringKey(flags, host))));
};

function eraseDevice(host: Host, flags: EraseFlags): Promise<number> {
  const { device, config } = flags;
  const options = loadKeysOptions(flags, host.cwd);
  const file = namedJournal(options.journal, flags.config);
  if (flags.yes !== true)
    throw new UsageError(
      `What is personal about ${device} would be unreadable for everybody, for good, and nothing was changed`,
      'Say --yes to do it.',
    );
  return run(host, async (running) => {
    const seams = await openForChange(host, running, file);
    await mayDestroyForGood(seams, options, flags, host.cwd);
    const result = await eraseSubject(seams, device);
    const forGood = result.kind === 'unknown' ? null : await forgetForGood(seams, options, flags, host.cwd);
    // Last: until the key is destroyed the entry says what there still is to erase.
    const struck = config === undefined ? false : strikeFromConfiguration(config, device);
    if (result.kind === 'unknown' && !struck)
      throw new UsageError(
        `The journal ${journalName(file)} holds nothing personal about a device ${device}`,
        'cpns inventory lists the devices; the journal has to be that of the server.',
      );
    const told = { device, outcome: result.kind, struck, ...forGood };
    await host.out(
      flags.json === true ? `${JSON.stringify(told)}\n` : `${text(device, result, struck)}${forGoodText(forGood)}\n`,
    );
    return EXIT.ok;
  });
}

const SENTENCES: Readonly<Record<Erasure['kind'], string>> = {
  erased: 'is erased',
  already: 'was erased before',
  unknown: 'had nothing in the journal',
};

const text = (device: string, { kind }: Erasure, struck: boolean): string =>
  `${device} ${SENTENCES[kind]}${struck ? '; its entry is out of the configuration' : ''}`;
