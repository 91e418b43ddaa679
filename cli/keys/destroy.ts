import { InvalidArgumentError, Option, type Command } from 'commander';
import { destroyKey, type DestructionReason } from '../../actors/roles/journal/keyring/destroy.ts';
import { destroyedKeys } from '../../actors/roles/journal/keyring/destroyed.ts';
import { DESTRUCTION_REASONS } from '../../events/vocabulary/journal/keyring.ts';
import { loadKeysOptions } from '../config/keys.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { journalName } from '../journal/open.ts';
import { examples, jsonOption, newKeyFileOption, setting, withKeyringKey } from '../options.ts';
import { run } from '../run.ts';
import type { GivenKeys } from './change.ts';
import { forgetForGood, forGoodText, mayDestroyForGood } from './for-good.ts';
import { namedJournal, openForChange } from './journal.ts';

interface DestroyFlags extends GivenKeys {
  readonly reason: DestructionReason;
  readonly json?: true;
}

export function addDestroyCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('destroy')
    .summary('destroy a key for good')
    .description(
      'Removes a key from the journal and records that it did. What only this key opens cannot be read again by anybody: ' +
        'a SQLite journal overwrites its bytes; PostgreSQL keeps them in dead rows and in its log, so there the ' +
        'key-encryption key is changed as well, as by `cpns keys rotate`, and the former one removed with every kept one. ' +
        'May be stopped at any moment and run again. A session whose key is gone is over: its device registers again. ' +
        'Of a device whose subject key is gone the inventory shows `sealed`; to have it forgotten: cpns erase.',
    )
    .argument('<id>', 'id of the key, as `cpns keys ls` shows it', destroyable)
    .addOption(setting('config', 'configuration of the role'))
    .addOption(setting('journal', 'the journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('credentialsFile', "the server's credentials, whose secrets are under the same key"))
    .addOption(newKeyFileOption())
    .addOption(new Option('--reason <reason>', 'why').choices(DESTRUCTION_REASONS).default('retired'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('cpns keys destroy session/2Vg7dQ1sJm0Zr4yE8aXbQw --reason compromised --config operator/server.yaml'),
    )
    .action(async (keyId: string, flags: DestroyFlags) =>
      finish(await destroy(host, keyId, withKeyringKey(flags, host))),
    );
}

/** Without its key nobody reads what was told of a device, and yet nobody said that it is to be forgotten. */
function notErased(keyId: string): string {
  const device = /^subject\/([^/]+)\//.exec(keyId)?.[1];
  if (device === undefined) return '';
  return `\nThe inventory shows ${device} as sealed, and it may be told of anew under another key: to erase it, cpns erase --device ${device}`;
}

/** Rows that are counters, or belong to a registration under way, are not for a person to take away. */
function destroyable(keyId: string): string {
  if (/^(session|subject)\/[A-Za-z0-9_/-]{1,190}$/.test(keyId)) return keyId;
  throw new InvalidArgumentError('It must be the id of a session or subject key, as `cpns keys ls` shows it.');
}

function destroy(host: Host, keyId: string, flags: DestroyFlags): Promise<number> {
  const options = loadKeysOptions(flags, host.cwd);
  const file = namedJournal(options.journal, flags.config);
  return run(host, async (running) => {
    const seams = await openForChange(host, running, file);
    await mayDestroyForGood(seams, options, flags, host.cwd);
    const found = await destroyKey(seams, keyId, flags.reason);
    if (found === 'absent' && !(await destroyedKeys(seams.journal)).ever.has(keyId))
      throw new UsageError(`The journal ${journalName(file)} has no key ${keyId}`, 'List them with cpns keys ls.');
    const forGood = await forgetForGood(seams, options, flags, host.cwd);
    const { reason } = flags;
    const text = `${keyId} ${found === 'absent' ? 'was' : 'is'} destroyed${forGoodText(forGood)}${notErased(keyId)}`;
    await host.out(`${flags.json === true ? JSON.stringify({ destroyed: keyId, reason, ...forGood }) : text}\n`);
    return EXIT.ok;
  });
}
