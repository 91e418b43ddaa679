import { resolve } from 'node:path';
import { DEFAULT_NATS_URL, natsUrl } from '../config/fields.ts';
import { loadHousehold } from '../config/household.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, jsonOption, parser, type Register } from '../options.ts';
import type { Outcome, Step } from '../provision/directory.ts';
import { provision as provisionHousehold } from '../provision/provision.ts';

interface ProvisionFlags {
  readonly out: string;
  readonly nats: string;
  readonly json?: true;
}

export const provision: Register = (program, host, finish) => {
  program
    .command('provision')
    .summary('write an operator directory for a household')
    .description(
      'Writes configuration and secrets for the server, each gateway and each PNE of a household: files with mode 0600.\n' +
        'Run again, it adds what is new and keeps what is there; a secret is never replaced.',
    )
    .argument('<household>', 'YAML file of gateways, PNs and PNEs')
    .requiredOption('--out <dir>', 'operator directory: new, empty, or written before')
    .option('--nats <url>', 'NATS server that new files name', parser(natsUrl), DEFAULT_NATS_URL)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('cpns provision examples/household.yaml --out operator', 'cpns server --config operator/server.yaml'),
    )
    .action(async (household: string, flags: ProvisionFlags) => {
      const steps = provisionHousehold(loadHousehold(household), {
        out: resolve(host.cwd, flags.out),
        nats: flags.nats,
        bytes: (length) => host.entropy.bytes(length),
      });
      await (flags.json === true ? printJson(host, steps) : printText(host, steps, flags.out));
      finish(EXIT.ok);
    });
};

async function printJson(host: Host, steps: readonly Step[]): Promise<void> {
  await host.out(steps.map((step) => `${JSON.stringify(step)}\n`).join(''));
}

const OUTCOMES: readonly Outcome[] = ['created', 'extended', 'tightened', 'differs', 'kept'];

async function printText(host: Host, steps: readonly Step[], out: string): Promise<void> {
  const width = Math.max(...steps.map((step) => step.file.length));
  const lines = steps.map((step) => `${step.outcome.padEnd(9)}  ${step.file.padEnd(width)}  ${step.detail}\n`);
  const counts = OUTCOMES.map((outcome) => ({ outcome, n: steps.filter((step) => step.outcome === outcome).length }));
  const sum = counts.filter(({ n }) => n > 0).map(({ outcome, n }) => `${n} ${outcome}`);
  await host.out(`${lines.join('')}${out}: ${sum.join(', ')}\n`);
}
