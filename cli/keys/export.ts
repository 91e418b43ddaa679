import { linkSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { id, path } from '../config/fields.ts';
import { readKek, readOwnKek } from '../config/kek.ts';
import { loadKeysOptions, type LoneSecrets, type RoleSecret } from '../config/keys.ts';
import { SecretFiles } from '../config/secret-file.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import {
  authorityOption,
  checkpointKeyOption,
  examples,
  jsonOption,
  parser,
  setting,
  withKeyringKey,
} from '../options.ts';
import { writePrivately } from '../private-file.ts';

interface ExportFlags extends Given, LoneSecrets {
  readonly out: string;
  readonly device?: string;
  readonly json?: true;
}

export function addExportCommand(keys: Command, host: Host, finish: (code: number) => void): void {
  keys
    .command('export')
    .summary('write a secret in plain, for a program that is not cpns')
    .description(
      'Writes the secret or private key of a device, PN GW or service, of the authority, or that signs checkpoints, in ' +
        'plain into a new file of mode 0600; it is never printed. For devices and services that run other programs, and ' +
        'for openssl. Whoever reads that file has the secret: take it to where it belongs, and remove it here.',
    )
    .addOption(setting('config', 'configuration of the device, PN GW or service'))
    .addOption(new Option('--device <id>', 'which of the devices of the file').argParser(parser(id)))
    .addOption(authorityOption())
    .addOption(checkpointKeyOption())
    .addOption(setting('keyFile'))
    .addOption(
      new Option('--out <file>', 'where it is written; no file may be there')
        .argParser(parser(path))
        .makeOptionMandatory(),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns keys export --config operator/pnes/hall-motion.yaml --out hall-motion.psk',
        'cpns keys export --config operator/services/echo.yaml --out echo.psk',
        'cpns keys export --authority operator/ca/ca.key --out ca.key',
      ),
    )
    .action(async (flags: ExportFlags) => finish(await exportSecret(host, withKeyringKey(flags, host))));
}

async function exportSecret(host: Host, flags: ExportFlags): Promise<number> {
  const options = loadKeysOptions(flags, host.cwd);
  const { file, name, keyFile } = chosen(options.secrets, flags.device);
  const needsKey = options.keyFile !== null || flags.keyringKey !== undefined;
  const secrets = new SecretFiles(needsKey ? readKek(options.keyFile, flags) : { file: null, keys: [] });
  const text = secrets.text(file, name, keyFile === null ? undefined : readOwnKek(keyFile));
  const out = resolve(host.cwd, flags.out);
  write(out, text);
  const said = flags.json === true ? JSON.stringify({ secret: name, file: out }) : `${out} holds ${name} in plain`;
  await host.out(`${said}\n`);
  return EXIT.ok;
}

/** @throws UsageError where there is a file already, or none can be made */
function write(file: string, text: string): void {
  let isWritten = false;
  try {
    isWritten = writePrivately(file, `${text}\n`, linkSync);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${fileReason(error)}`, 'Name another file with --out.');
  }
  if (!isWritten) throw new UsageError(`There is a file ${file} already`, 'Name another one, or move it away.');
}

/** What no other program has a use for stays where it is. */
const ONLY_OURS: ReadonlySet<RoleSecret['name']> = new Set(['id-key', 'static/server']);

/** @throws UsageError where none is meant, or several could be */
function chosen(secrets: readonly RoleSecret[], device: string | undefined): RoleSecret {
  // The key that signs checkpoints is beside those of a role, and is meant only where it is named alone.
  const possible = secrets.filter(
    ({ name }) => !ONLY_OURS.has(name) && (name !== 'checkpoint' || secrets.length === 1),
  );
  const meant = possible.filter(
    ({ name }) => device === undefined || name === `credential/pnes/${device}` || name === `static/pnes/${device}`,
  );
  const [one] = meant;
  if (one !== undefined && meant.length === 1) return one;
  throw one === undefined
    ? new UsageError(
        device === undefined ? 'No secret of another program is named' : `The configuration has no device ${device}`,
        'Name a device, PN GW or service with --config, or give --authority or --checkpoint-key.',
      )
    : new UsageError(`The configuration has ${meant.length} secrets`, 'Name a device with --device.');
}
