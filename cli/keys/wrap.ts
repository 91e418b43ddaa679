import { counted } from '../counted.ts';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { createKeyring } from '../../security/keyring.ts';
import { path } from '../config/fields.ts';
import { readKek } from '../config/kek.ts';
import { loadKeysOptions, type KeysOptions, type LoneSecrets } from '../config/keys.ts';
import { isEncryptedFile } from '../config/secret-file.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, UsageError } from '../errors.ts';
import { type Host, KEYRING_KEY } from '../host.ts';
import {
  authorityOption,
  checkpointKeyOption,
  examples,
  jsonOption,
  parser,
  setting,
  withKeyringKey,
} from '../options.ts';
import { rewrapAll, type Places } from './change.ts';
import { keyIn, keyInOrNew } from './files.ts';

interface WrapFlags extends Given, LoneSecrets {
  readonly oldKeyFile?: string;
  readonly json?: true;
}

export function addWrapCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('wrap')
    .summary('encrypt the secrets of a role that lie in plain')
    .description(
      "Encrypts under the role's key-encryption key each secret that is in plain, as in files of earlier versions, or that " +
        'is under the key in --old-key-file: files of secrets, and the credentials that a server knows. All else in the ' +
        'files stays. The role reads them when it starts.',
    )
    .addOption(setting('config', 'configuration of the role'))
    .addOption(setting('credentialsFile'))
    .addOption(setting('keyFile'))
    .addOption(authorityOption())
    .addOption(checkpointKeyOption())
    .addOption(
      new Option('--old-key-file <file>', 'file of a key that secrets are under as well').argParser(parser(path)),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns keys wrap --config operator/server.yaml',
        'cpns keys wrap --config operator/gateways/hub-hall.yaml',
        'cpns keys wrap --authority operator/ca/ca.key',
        'cpns keys wrap --config operator/server.yaml --old-key-file operator/server.key.kF3dS9mQx1bT0cV7uY2eZg',
      ),
    )
    .action(async (flags: WrapFlags) => finish(await wrap(host, withKeyringKey(flags, host))));
}

/** What lies under one key-encryption key. */
type Group = Pick<Places, 'credentialsFile' | 'secrets'> & {
  /** Null: the variable has it. */
  readonly keyFile: string | null;
};

function groupsOf({ keyFile, credentialsFile, secrets }: KeysOptions): readonly Group[] {
  const ofRole = secrets.filter((secret) => secret.keyFile === null);
  const own = Map.groupBy(
    secrets.filter((secret) => secret.keyFile !== null),
    (secret) => secret.keyFile,
  );
  return [
    ...(ofRole.length > 0 || credentialsFile !== null ? [{ keyFile, credentialsFile, secrets: ofRole }] : []),
    ...[...own].map(([of, theirs]) => ({ keyFile: of, credentialsFile: null, secrets: theirs })),
  ];
}

async function wrap(host: Host, flags: WrapFlags): Promise<number> {
  const options = loadKeysOptions(flags, host.cwd);
  const groups = groupsOf(options);
  if (groups.length === 0)
    throw new UsageError(
      'No file of secrets is given',
      'Name the role with --config, or a file with --credentials-file, --authority or --checkpoint-key.',
    );
  const old = flags.oldKeyFile === undefined ? null : keyIn(resolve(host.cwd, flags.oldKeyFile));
  if (flags.oldKeyFile !== undefined && old === null)
    throw new UsageError(`There is no key file ${flags.oldKeyFile}`, 'Check the path.');
  const bytes = (length: number): Uint8Array => host.entropy.bytes(length);
  for (const group of groups) {
    const { file, keys: own } = keysOf(group, options, flags, bytes);
    const [kek, ...also] = [...own, ...(old === null ? [] : [old])];
    if (kek === undefined) continue;
    const keyring = createKeyring({ kek, also, bytes });
    const counts = rewrapAll(group, keyring, { file, keys: [kek, ...also] });
    const { kekId } = keyring;
    const text = `${counted(counts.wrapped, 'secret')} encrypted under ${kekId}, ${counts.kept} already under it`;
    await host.out(`${flags.json === true ? JSON.stringify({ ...counts, kekId }) : text}\n`);
  }
  return EXIT.ok;
}

const GIVE_KEY = `Name it with --key-file, or give the key in ${KEYRING_KEY}.`;

/** @throws UsageError where there is none */
function keysOf(
  { keyFile, secrets }: Group,
  { journal, credentialsFile }: KeysOptions,
  flags: WrapFlags,
  bytes: (length: number) => Uint8Array,
): ReturnType<typeof readKek> {
  if (keyFile === null && flags.keyringKey === undefined) throw new UsageError('No key is given', GIVE_KEY);
  const found = readKek(keyFile, flags);
  if (found.keys.length > 0 || keyFile === null) return found;
  // Only whose secrets were all in plain so far has never had one.
  const isNew = journal === null && credentialsFile === null && !secrets.some(isEncryptedFile);
  if (!isNew) throw new UsageError(`The key file ${keyFile} is missing`, GIVE_KEY);
  return { file: keyFile, keys: [keyInOrNew(keyFile, bytes)] };
}
