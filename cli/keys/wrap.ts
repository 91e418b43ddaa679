import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { createKeyring } from '../../security/keyring.ts';
import { rewrapCredentials } from '../config/credentials.ts';
import { path } from '../config/fields.ts';
import { KEYRING_KEY, readKek } from '../config/kek.ts';
import { loadKeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, parser, setting, withKeyringKey } from '../options.ts';
import { keyIn } from './files.ts';

interface WrapFlags extends Given {
  readonly oldKeyFile?: string;
  readonly json?: true;
}

export function addWrapCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('wrap')
    .summary("encrypt the secrets in the server's file of credentials")
    .description(
      "Encrypts under the server's key-encryption key each secret that is in plain, as in files of earlier versions, or\n" +
        'that is under the key in --old-key-file. All else in the file stays. The server reads it when it starts.',
    )
    .addOption(setting('config', 'configuration of the server'))
    .addOption(setting('credentialsFile'))
    .addOption(setting('keyFile'))
    .addOption(
      new Option('--old-key-file <file>', 'file of a key that secrets are under as well').argParser(parser(path)),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns keys wrap --config operator/server.yaml',
        'cpns keys wrap --config operator/server.yaml --old-key-file operator/server.key.kF3dS9mQx1bT0cV7uY2eZg',
      ),
    )
    .action(async (flags: WrapFlags) => finish(await wrap(host, withKeyringKey(flags, host))));
}

async function wrap(host: Host, flags: WrapFlags): Promise<number> {
  const { credentialsFile, keyFile } = loadKeysOptions(flags, host.cwd);
  if (credentialsFile === null)
    throw new UsageError(
      'No file of credentials is given',
      'Name it with --credentials-file, or the server with --config.',
    );
  const [kek, ...also] = keyFile === null && flags.keyringKey === undefined ? [] : readKek(keyFile, flags).keys;
  if (kek === undefined)
    throw new UsageError(
      keyFile === null ? 'No key is given' : `The key file ${keyFile} is missing`,
      `Name it with --key-file, or give the key in ${KEYRING_KEY}.`,
    );
  const old = flags.oldKeyFile === undefined ? null : keyIn(resolve(host.cwd, flags.oldKeyFile));
  if (flags.oldKeyFile !== undefined && old === null)
    throw new UsageError(`There is no key file ${flags.oldKeyFile}`, 'Check the path.');
  const bytes = (length: number): Uint8Array => host.entropy.bytes(length);
  const keyring = createKeyring({ kek, also: [...also, ...(old === null ? [] : [old])], bytes });
  const counts = rewrapCredentials(credentialsFile, keyring);
  const text = `${credentialsFile}: ${counts.wrapped} secrets encrypted under ${keyring.kekId}, ${counts.kept} were before`;
  await host.out(`${flags.json === true ? JSON.stringify({ ...counts, kekId: keyring.kekId }) : text}\n`);
  return EXIT.ok;
}
