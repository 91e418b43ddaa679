import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { rotateKeyring, type Rotation } from '../../actors/keyring/rotate.ts';
import { keyringState, type KeyringSeams } from '../../actors/keyring/stream.ts';
import { kekIdOf } from '../../security/keyring.ts';
import { openCredentials, rewrapCredentials } from '../config/credentials.ts';
import { readDocument } from '../config/document.ts';
import { path as file } from '../config/fields.ts';
import { KEYRING_KEY, nextKeyFile, readKek } from '../config/kek.ts';
import { loadKeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { journalName } from '../journal/open.ts';
import { examples, jsonOption, parser, setting, withKeyringKey } from '../options.ts';
import { run } from '../run.ts';
import { keyIn, keyInOrNew, settleKeyFiles, type OldKey } from './files.ts';
import { namedJournal, openForChange } from './journal.ts';
import { openKeyringOf } from './open.ts';

interface RotateFlags extends Given {
  readonly newKeyFile?: string;
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
    .addOption(
      new Option(
        '--new-key-file <file>',
        'use the key in this file, made when it is not there, and leave it there',
      ).argParser(parser(file)),
    )
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
  const options = loadKeysOptions(flags, host.cwd);
  const journal = namedJournal(options.journal);
  const { keyFile: old } = options;
  const target = targetOf(host, old, flags);
  return run(host, async (running) => {
    const seams = await openForChange(host, running, journal);
    const result = await changeKeys(seams, { journal, old, target, credentialsFile: options.credentialsFile }, flags);
    const files = settleKeyFiles({ old, target }, flags.oldKey);
    await host.out(`${flags.json === true ? JSON.stringify({ ...result, ...files }) : summaryOf(result, files)}\n`);
    return EXIT.ok;
  });
}

function targetOf(host: Host, old: string | null, { newKeyFile, keyringKey }: RotateFlags): string {
  if (newKeyFile !== undefined) return resolve(host.cwd, newKeyFile);
  if (old !== null) return nextKeyFile(old);
  throw keyringKey === undefined
    ? new UsageError('No key is given', `Name its file with --key-file, or give it in ${KEYRING_KEY}.`)
    : new UsageError(
        `The key came in ${KEYRING_KEY}, so there is no file to put the new one into`,
        'Name one with --new-key-file; afterwards give what it holds to the role.',
      );
}

interface Places {
  readonly journal: string;
  readonly old: string | null;
  readonly target: string;
  readonly credentialsFile: string | null;
}

type Changed = Extract<Rotation, { readonly kind: 'rotated' | 'already' }>;

/** @throws UsageError where the keys are not those of the journal: nothing was changed then */
async function changeKeys(seams: KeyringSeams, places: Places, flags: RotateFlags): Promise<Changed> {
  const { journal, old, target, credentialsFile } = places;
  const from = old === null ? (readKek(null, flags).keys[0] ?? null) : keyIn(old);
  // A journal of the first version first says which key it is under.
  const begun = (await keyringState(seams.journal)).context;
  if (begun.kekId === null && from !== null)
    await openKeyringOf(seams, journalName(journal), { file: old, keys: [from] });
  const { kekId, nextKekId } = (await keyringState(seams.journal)).context;
  const there = keyIn(target);
  if (kekId !== null && nextKekId === null && there !== null && kekIdOf(there) === kekId)
    return { kind: 'already', toKekId: kekId };
  if (from === null)
    throw new UsageError(
      `The key file ${old} is missing`,
      'Bring it back from a copy: keys cannot be encrypted anew without the key that they are under.',
    );
  if (kekIdOf(from) !== kekId)
    throw new UsageError(
      `${old === null ? KEYRING_KEY : `The key file ${old}`} holds the key ${kekIdOf(from)}, and the journal ${journalName(journal)} has its keys under ${kekId}`,
      'Give the key that belongs to this journal. Nothing was changed.',
    );
  if (nextKekId !== null && (there === null || kekIdOf(there) !== nextKekId))
    throw new UsageError(
      `A rotation to the key ${nextKekId} was begun, and ${target} does not hold it`,
      'Run it again with the same --new-key-file as before, or without if there was none.',
    );
  const to = there ?? keyInOrNew(target, (length) => seams.entropy.bytes(length));
  // Before anything is changed: a secret that opens under neither key would stop it half-way.
  if (credentialsFile !== null)
    openCredentials(readDocument(credentialsFile, 'secret'), { file: old, keys: [from, to] });
  const result = await rotateKeyring(seams, { from, to }, (keyring) => {
    if (credentialsFile !== null) rewrapCredentials(credentialsFile, keyring);
  });
  if (result.kind === 'rotated' || result.kind === 'already') return result;
  if (result.kind === 'other') throw new Error('The keyring was changed by another process meanwhile; run it again.');
  throw new UsageError(
    `The key ${result.keyId} of the journal ${journalName(journal)} is damaged, so it cannot be encrypted anew`,
    'Restore the journal from a backup, or take the key away with cpns keys destroy; then run it again.',
  );
}

function summaryOf(result: Changed, files: ReturnType<typeof settleKeyFiles>): string {
  const what =
    result.kind === 'rotated'
      ? `${result.keys} keys are under ${result.toKekId} now, and no longer under ${result.fromKekId}`
      : `The keys are under ${result.toKekId} already`;
  const former = files.former === null ? '' : `; the former key is kept in ${files.former}`;
  return `${what}. The key is in ${files.keyFile}${former}.`;
}
