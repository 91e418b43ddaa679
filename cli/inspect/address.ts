import { existsSync, linkSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { toBase64url } from '../../security/base64url.ts';
import { path } from '../config/fields.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { count, jsonOption, parser } from '../options.ts';
import { writePrivately } from '../private-file.ts';
import { readPrivateText } from '../config/private-text.ts';

/** What whoever starts the inspector says of the address of its page. */
export interface AddressFlags {
  readonly port: number;
  readonly tokenFile?: string;
  readonly json?: true;
}

const MAX_PORT = 65_535;
const TOKEN_BYTES = 24;
const TOKEN = /^[A-Za-z0-9_-]{32,128}$/;

export function addressOptions(command: Command): Command {
  return command
    .addOption(new Option('--port <number>', 'port on 127.0.0.1').argParser(count).default(0, 'any that is free'))
    .option(
      '--token-file <file>',
      'keep the token of the address in this file, made when it is not there: open pages and links outlive a restart',
      parser(path),
    )
    .addOption(jsonOption());
}

/** Port, 0 for any that is free, and token, null to draw one. @throws UsageError, ConfigError */
export function readAddress(
  host: Host,
  { port, tokenFile }: AddressFlags,
): { readonly port: number; readonly token: string | null } {
  if (port > MAX_PORT) throw new UsageError(`There is no port ${port}`, `Give one up to ${MAX_PORT}.`);
  return { port, token: tokenFile === undefined ? null : keptToken(host, resolve(host.cwd, tokenFile)) };
}

function keptToken(host: Host, file: string): string {
  if (!existsSync(file)) writePrivately(file, `${toBase64url(host.entropy.bytes(TOKEN_BYTES))}\n`, linkSync);
  const token = readPrivateText(file);
  if (TOKEN.test(token)) return token;
  throw new UsageError(`${file} holds no token of an inspector`, 'Remove it, or name another file.');
}

/** Tells where the page is. @param what it shows, in words */
export async function tellAddress(
  host: Host,
  { url, total }: { readonly url: string; readonly total: number },
  what: string,
  { json }: AddressFlags,
): Promise<void> {
  await host.out(
    json === true
      ? `${JSON.stringify({ url, total })}\n`
      : `The inspector shows ${what}. Open\n\n  ${url}\n\nCtrl-C ends it.\n`,
  );
}
