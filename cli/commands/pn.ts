import { Option, type Command } from 'commander';
import { OPERATOR_VERBS, type OperatorVerb } from '../../messages/operators.ts';
import { id } from '../config/fields.ts';
import { loadOperatorAccess, loadOperatorOptions } from '../config/operator.ts';
import type { Given } from '../config/settings.ts';
import { EXIT } from '../errors.ts';
import { examples, jsonOption, parser, setting, withKeyringKey, type Register } from '../options.ts';
import { decide } from '../pn/decide.ts';
import { askWaiting, waitingText } from '../pn/waiting.ts';
import { connectTo } from '../query/ask.ts';
import { run } from '../run.ts';

interface PendingFlags extends Given {
  readonly pn?: string;
  readonly json?: true;
}

interface DecisionFlags extends Given {
  readonly pn: string;
  readonly device: string;
  readonly json?: true;
}

const VERBS: Readonly<Record<OperatorVerb, { readonly summary: string; readonly says: string }>> = {
  approve: {
    summary: 'let a waiting device in',
    says:
      'Makes a device that waits, or was rejected, a member of the PN. Its PN GW is told; the device is registered when it ' +
      'asks again. May be said again.',
  },
  reject: {
    summary: 'turn a waiting device away',
    says: 'Turns a device away that waits. It gets 403 when it asks again. May be said again, and taken back with approve.',
  },
};

export const pn: Register = (program, host, finish) => {
  const group = program
    .command('pn')
    .summary('let waiting devices into a PN, or turn them away')
    .description(
      'What an operator decides while the server runs. A stranger that asks to be in a PN with the join policy approval ' +
        'gets 202 and waits. Each decision is an event in the journal, with the id of the operator: docs/approval.md.',
    )
    .addHelpText(
      'after',
      examples(
        'cpns pn pending --config operator/operators/desk.yaml',
        'cpns pn approve --config operator/operators/desk.yaml --pn guests --device radio',
        'cpns pn reject --config operator/operators/desk.yaml --pn guests --device radio',
      ),
    );

  addNats(
    group
      .command('pending')
      .summary('list the devices that wait')
      .description(
        'Asks the running server which devices wait, in the order in which they asked, and which were rejected.',
      )
      .option('--pn <id>', 'this PN only', parser(id)),
  )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns pn pending --config operator/operators/desk.yaml --json',
        'cpns pn pending --pn guests --nats-seed-file operator/nats/inquirer.nk',
      ),
    )
    .action(async (flags: PendingFlags) => {
      const access = loadOperatorAccess(flags, host.cwd);
      finish(
        await run(host, async (running) => {
          const pns = await askWaiting(await connectTo(host, running, 'pn', access), flags.pn ?? null);
          const json = pns.map((one) => `${JSON.stringify(one)}\n`).join('');
          await host.out(flags.json === true ? json : waitingText(pns));
          return EXIT.ok;
        }),
      );
    });

  for (const verb of OPERATOR_VERBS) {
    const { summary, says } = VERBS[verb];
    addNats(
      group
        .command(verb)
        .summary(summary)
        .description(says)
        .addOption(new Option('--pn <id>', 'PN that it asked for').argParser(parser(id)).makeOptionMandatory())
        .addOption(new Option('--device <id>', 'the device').argParser(parser(id)).makeOptionMandatory()),
    )
      .addOption(setting('keyFile', 'file of the key that the secret is encrypted under'))
      .addOption(setting('operatorId'))
      .addOption(setting('pskFile', 'file of the secret that the operator shares with the server'))
      .addOption(jsonOption())
      .addHelpText(
        'after',
        examples(`cpns pn ${verb} --config operator/operators/desk.yaml --pn guests --device radio`),
      )
      .action(async (flags: DecisionFlags) => {
        const options = loadOperatorOptions(withKeyringKey(flags, host), host.cwd);
        const question = { verb, pnId: flags.pn, deviceId: flags.device };
        const form = flags.json === true ? 'json' : 'text';
        finish(await run(host, (running) => decide(host, running, options, question, form)));
      });
  }
};

function addNats(command: Command): Command {
  return command
    .addOption(setting('config', 'configuration of the operator'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'));
}
