import { counted } from '../counted.ts';
import { keyringState } from '../../actors/roles/journal/keyring/stream.ts';
import { loadKeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { openJournalReader } from '../journal/open.ts';
import { givenKeyring } from '../keys/given.ts';
import { entryTexts, keyEntries, type KeyEntry } from '../keys/list.ts';
import { namedJournal } from '../keys/journal.ts';
import { addDestroyCommand } from '../keys/destroy.ts';
import { addExportCommand } from '../keys/export.ts';
import { addRotateCommand } from '../keys/rotate.ts';
import { addWrapCommand } from '../keys/wrap.ts';
import { examples, jsonOption, setting, withKeyringKey, type Register } from '../options.ts';
import { run } from '../run.ts';

interface ListFlags extends Given {
  readonly json?: true;
}

export const keys: Register = (program, host, finish) => {
  const group = program
    .command('keys')
    .summary('list, rotate, destroy and export keys and secrets')
    .description(
      'The keys in a journal and the secrets of a role are encrypted under a key-encryption key, which is in a key file or ' +
        'in CPNS_KEYRING_KEY. None is ever shown. What changes them works while the role is stopped.',
    )
    .addHelpText(
      'after',
      examples(
        'cpns keys ls --journal operator/server.sqlite',
        'cpns keys rotate --config operator/server.yaml',
        'cpns keys destroy session/2Vg7dQ1sJm0Zr4yE8aXbQw --journal operator/server.sqlite',
      ),
    );

  group
    .command('ls')
    .summary('list the keys of a journal')
    .description(
      'Names each key, the key-encryption key that it is under, and its size; also while the role runs. With a key file ' +
        'or CPNS_KEYRING_KEY it tries each: exit code 1 when one does not open.',
    )
    .addOption(setting('config', 'configuration of the role'))
    .addOption(setting('journal', 'the journal'))
    .addOption(setting('keyFile'))
    .addOption(jsonOption())
    .addHelpText('after', examples('cpns keys ls --config operator/server.yaml --json'))
    .action(async (flags: ListFlags) => finish(await list(host, withKeyringKey(flags, host))));

  addDestroyCommand(group, host, finish);
  addRotateCommand(group, host, finish);
  addWrapCommand(group, host, finish);
  addExportCommand(group, host, finish);
};

function list(host: Host, flags: ListFlags): Promise<number> {
  const options = loadKeysOptions(flags, host.cwd);
  const file = namedJournal(options.journal, flags.config);
  const keyring = givenKeyring(host, flags);
  return run(host, async ({ onClose }) => {
    const reader = await openJournalReader(file);
    onClose('the journal', () => reader.close());
    const { kekId, nextKekId, destroyed } = (await keyringState(reader)).context;
    const underKek = new Map<string, number>();
    let faults = 0;
    for await (const page of keyEntries(reader, keyring)) {
      const lines = flags.json === true ? page.map((entry) => JSON.stringify(entry)) : entryTexts(page);
      if (!(await host.out(`${lines.join('\n')}\n`))) return EXIT.ok;
      for (const { kekId: of } of page) underKek.set(of ?? 'unknown', (underKek.get(of ?? 'unknown') ?? 0) + 1);
      faults += page.filter(isFault).length;
    }
    const total = [...underKek.values()].reduce((sum, count) => sum + count, 0);
    const summary = { keys: total, kekId, nextKekId, underKek: Object.fromEntries(underKek), destroyed };
    await host.out(`${flags.json === true ? JSON.stringify(summary) : summaryText(summary)}\n`);
    return faults === 0 ? EXIT.ok : EXIT.failure;
  });
}

const isFault = ({ state }: KeyEntry): boolean => state === 'otherKey' || state === 'damaged';

function summaryText(summary: {
  readonly keys: number;
  readonly kekId: string | null;
  readonly nextKekId: string | null;
  readonly destroyed: number;
}): string {
  const { keys: count, kekId, nextKekId, destroyed } = summary;
  const rotation = nextKekId === null ? '' : `; a rotation to ${nextKekId} is not finished`;
  return `${counted(count, 'key')}; key-encryption key ${kekId ?? 'not named yet'}${rotation}; ${destroyed} destroyed by hand`;
}
