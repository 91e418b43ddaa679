import { resolve } from 'node:path';
import type { Command } from 'commander';
import { listenAddress, natsUrl, path } from '../config/fields.ts';
import { readCertificates } from '../config/nats.ts';
import { loadHousehold } from '../config/household.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, parser, type Register, withKeyringKey } from '../options.ts';
import type { Outcome, Step } from '../provision/directory.ts';
import { natsServerSettings, natsUrlOf, type NatsServerFlags } from '../provision/nats-options.ts';
import { provisionNats } from '../provision/nats.ts';
import { addPkiCommands } from './provision-pki.ts';
import { provision as provisionHousehold } from '../provision/provision.ts';

interface ProvisionFlags extends NatsServerFlags {
  readonly out: string;
  readonly json?: true;
}

export const provision: Register = (program, host, finish) => {
  const bytes = (length: number): Uint8Array => host.entropy.bytes(length);
  const command = program
    .command('provision')
    .summary('write an operator directory for a household')
    .description(
      'Writes configuration and secrets for the server, each gateway and each PNE of a household: files with mode 0600, ' +
        'and in nats/ the configuration of a NATS server that lets each of them do what it needs and nothing else. ' +
        'Run again, it adds what is new and keeps what is there; a secret is never replaced.',
    )
    .argument('<household>', 'YAML file of gateways, PNs and PNEs')
    .requiredOption('--out <dir>', 'operator directory: new, empty, or written before')
    .option('--nats <url>', `NATS server that new files name (default: where it listens)`, parser(natsUrl))
    .option(
      '--listen <host:port>',
      'where the NATS server is to listen (default: 127.0.0.1 and the port of --nats, or 4222)',
      parser(listenAddress),
    )
    .option('--tls-cert <file>', 'certificate of the NATS server, PEM; needed off the loopback interface', parser(path))
    .option('--tls-key <file>', 'key of that certificate, PEM', parser(path))
    .option('--tls-ca <file>', 'certificates that the roles trust it by, PEM (default: of the system)', parser(path))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns provision examples/household.yaml --out operator',
        'nats-server --config operator/nats/nats-server.conf',
        'cpns server --config operator/server.yaml',
      ),
    )
    .helpCommand(false)
    // Its options hold for its subcommands as well, wherever they stand.
    .enablePositionalOptions(false)
    .action(async (household: string, flags: ProvisionFlags) => {
      const natsServer = natsServerSettings(flags, host.cwd);
      const steps = provisionHousehold(loadHousehold(household), {
        out: resolve(host.cwd, flags.out),
        nats: natsUrlOf(flags, natsServer),
        ...(flags.tlsCa === undefined ? {} : { natsCa: readCertificates(resolve(host.cwd, flags.tlsCa)) }),
        natsServer,
        nowMs: host.clock.now(),
        bytes,
        ...withKeyringKey({}, host),
      });
      await print(host, steps, flags);
      finish(EXIT.ok);
    });
  command
    .command('nats')
    .summary('write the configuration of the NATS server only')
    .description(
      'Writes nats/nats-server.conf, and anew nats/users.conf, for the roles whose configuration is in the directory: ' +
        'one nkey user each, with the least permissions. For after a role was removed, or was added by hand.',
    )
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      examples(
        'cpns provision nats --out operator',
        'cpns provision nats --out operator --listen 0.0.0.0:4222 --tls-cert nats.crt --tls-key nats.pem',
      ),
    )
    .action(async (_: unknown, subcommand: Command) => {
      const flags = subcommand.optsWithGlobals<ProvisionFlags>();
      if (flags.nats !== undefined || flags.tlsCa !== undefined)
        throw new UsageError('--nats and --tls-ca are for the files of roles', 'Give the household as well.');
      const steps = provisionNats(resolve(host.cwd, flags.out), bytes, natsServerSettings(flags, host.cwd));
      await print(host, steps, flags);
      finish(EXIT.ok);
    });
  addPkiCommands(command, host, async (steps, flags) => {
    await print(host, steps, flags);
    finish(EXIT.ok);
  });
};

async function print(
  host: Host,
  steps: readonly Step[],
  { json, out }: Pick<ProvisionFlags, 'json' | 'out'>,
): Promise<void> {
  await (json === true ? printJson(host, steps) : printText(host, steps, out));
}

async function printJson(host: Host, steps: readonly Step[]): Promise<void> {
  await host.out(steps.map((step) => `${JSON.stringify(step)}\n`).join(''));
}

const OUTCOMES: readonly Outcome[] = ['created', 'extended', 'rewritten', 'tightened', 'differs', 'kept'];

async function printText(host: Host, steps: readonly Step[], out: string): Promise<void> {
  // What was found as it should be is only counted.
  const told = steps.filter(({ outcome }) => outcome !== 'kept');
  const width = Math.max(...told.map((step) => step.file.length));
  const lines = told.map((step) => `${step.outcome.padEnd(9)}  ${step.file.padEnd(width)}  ${step.detail}\n`);
  const counts = OUTCOMES.map((outcome) => ({ outcome, n: steps.filter((step) => step.outcome === outcome).length }));
  const sum = counts.filter(({ n }) => n > 0).map(({ outcome, n }) => `${n} ${outcome}`);
  await host.out(`${lines.join('')}${out}: ${sum.join(', ')}\n`);
}
