import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { checkpointEvents, checkpointIntervalMs } from './config/checkpoints.ts';
import { devicePairing, gatewayPairing, id, natsUrl, path } from './config/fields.ts';
import { graceMs, rekeyAfterMessages, rekeyAfterMs } from './config/session.ts';
import { snapshotEvery } from './config/snapshots.ts';
import { usageBytes, usageIntervalMs, usageMessages } from './config/usage.ts';
import { SETTINGS, type Given, type SettingName } from './config/settings.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import { journalHoldsPassword } from './journal/open.ts';

/** Registers a command. `finish` takes its exit code. */
export type Register = (program: Command, host: Host, finish: (code: number) => void) => void;

/** A value that the schema takes; otherwise commander names the flag or the variable that it came from. */
export function parser<T>(schema: z.ZodType<T>): (value: string) => T {
  return (value) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const values = issue?.code === 'invalid_value' ? `It must be one of ${issue.values.map(String).join(', ')}.` : null;
    throw new InvalidArgumentError(values ?? `It ${issue?.message ?? 'is not valid'}.`);
  };
}

/** Several values: the option repeated, or separated by commas. */
function several(schema: z.ZodType<string>): (value: string, before?: readonly string[]) => readonly string[] {
  const one = parser(schema);
  return (value, before = []) => [...before, ...value.split(',').map((part) => one(part.trim()))];
}

const collectNats = several(natsUrl);

/** Refused without quoting it: everybody on the machine can read a command line. */
function parseNats(value: string, before?: readonly string[]): readonly string[] {
  if (/:\/\/[^/]*@/.test(value))
    throw new UsageError(
      'The address of a NATS server holds credentials, and others can read command lines and variables',
      'Put it in the field nats of a file with mode 0600, and name that with --config.',
    );
  return collectNats(value, before);
}

/** As for NATS: an address may be given here, the password comes by another way. */
export function parseJournal(value: string): string {
  if (journalHoldsPassword(value))
    throw new UsageError(
      'The address of the journal holds a password, and others can read command lines and variables',
      'Leave it out, and put it into a file with mode 0600 that PGPASSFILE names (a line host:port:database:user:password).',
    );
  return parser(path)(value);
}

const digits = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
/** Of an option: a whole number in a range. */
export const number = (range: z.ZodInt): ((value: string) => number) => parser(digits.pipe(range));

type Value = string | number | readonly string[];

const PARSERS: Readonly<Record<SettingName, (value: string, before?: readonly string[]) => Value>> = {
  config: parser(path),
  nats: parseNats,
  natsSeedFile: parser(path),
  natsCa: parser(path),
  journal: parseJournal,
  keyFile: parser(path),
  idKeyFile: parser(path),
  credentialsFile: parser(path),
  gatewayId: parser(id),
  pns: several(id),
  pskFile: parser(path),
  serviceId: parser(id),
  operatorId: parser(id),
  pairing: parser(z.enum([...gatewayPairing.options, ...devicePairing.options])),
  deviceId: parser(id),
  pnId: parser(id),
  rekeyAfterMessages: number(rekeyAfterMessages),
  rekeyAfterMs: number(rekeyAfterMs),
  graceMs: number(graceMs),
  usageIntervalMs: number(usageIntervalMs),
  usageMessages: number(usageMessages),
  usageBytes: number(usageBytes),
  snapshotEvery: number(snapshotEvery),
  checkpointKeyFile: parser(path),
  checkpointEvents: number(checkpointEvents),
  checkpointIntervalMs: number(checkpointIntervalMs),
};

/** The option of a setting: flag, variable and check. */
export function setting(name: SettingName, says: string = SETTINGS[name].says): Option {
  const { flag, env } = SETTINGS[name];
  const parse = PARSERS[name];
  return new Option(flag, says)
    .env(env)
    .argParser<Value>((value, before) => parse(value, typeof before === 'object' ? before : []));
}

export const count = parser(digits);

/** Secrets that belong to no role. */
export function authorityOption(): Option {
  const says =
    'the private key of the authority instead of a role; its key-encryption key is FILE.kek unless one is given';
  return new Option('--authority <file>', says).argParser(parser(path));
}

export function checkpointKeyOption(): Option {
  const says = 'the key that signs checkpoints instead of a role; its key-encryption key likewise';
  return new Option('--checkpoint-key <file>', says).argParser(parser(path));
}

/** Where a change of the key-encryption key finds the new one. */
export function newKeyFileOption(): Option {
  const says = 'use the key in this file, made when it is not there, and leave it there';
  return new Option('--new-key-file <file>', says).argParser(parser(path));
}

/** The flags of a command, and the key that the environment had. */
export function withKeyringKey<Flags extends object>(flags: Flags, host: Host): Flags & Pick<Given, 'keyringKey'> {
  return host.keyringKey === undefined ? flags : { ...flags, keyringKey: host.keyringKey };
}

/** Where a command has an action of its own, its options do not hold for its subcommands. @throws UsageError when one is given */
export function refuseOptionsBefore(subcommand: Command): void {
  const { parent } = subcommand;
  const lost = parent?.options.find((option) => parent.getOptionValueSource(option.attributeName()) === 'cli');
  if (lost !== undefined)
    throw new UsageError(
      `${lost.long ?? lost.flags} stands before ${subcommand.name()}`,
      `Write the options of ${subcommand.name()} behind its name.`,
    );
}

/** Where events were moved out of a journal, the files that they are in. */
export function archiveOption(): Option {
  return new Option('--archive <file...>', 'archives of the journal (cpns journal compact), read with it as one');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON lines instead of text');
}

/** How a role that keeps running tells what it does, on standard error. */
export function logOption(): Option {
  return new Option('--log <format>', 'form of the log on standard error')
    .choices(['text', 'json'])
    .default('text')
    .env('CPNS_LOG');
}

export interface LogFlags {
  readonly log: 'text' | 'json';
}

/** Examples at the end of a command's help, one a line. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}
