import { gatewayInventoryQuery, INVENTORY_QUERY, type InventoryAnswer } from '../../actors/wire/queries.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { id } from '../config/fields.ts';
import type { NatsFlags } from '../config/nats.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, openJournal, resolveJournal } from '../journal/open.ts';
import { askInventory } from '../inventory/ask.ts';
import { inventoryText } from '../inventory/text.ts';
import { examples, jsonOption, parser, setting, type Register } from '../options.ts';
import { connectToAsk } from '../query/ask.ts';
import { run, type Running } from '../run.ts';

interface InventoryFlags extends NatsFlags {
  readonly pn?: string;
  readonly gateway?: string;
  readonly rebuild?: true;
  readonly journal?: string;
  readonly json?: true;
}

export const inventory: Register = (program, host, finish) => {
  program
    .command('inventory')
    .summary('print the PN Inventory')
    .description(
      'Asks the running server, or a running PN GW, for its PN Inventory; with --rebuild, builds that of a journal anew\n' +
        'from its first event. A journal is rebuilt while its role is not running.',
    )
    .option('--pn <id>', 'this PN only', parser(id))
    .option('--gateway <id>', "the local inventory of this PN GW instead of the server's", parser(id))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .option('--rebuild', 'rebuild the inventory of a journal from its first event')
    .addOption(setting('journal', 'journal to rebuild from, of a server or a gateway'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns inventory',
        'cpns inventory --pn home --json',
        'cpns inventory --gateway hub-hall',
        'cpns inventory --rebuild --journal operator/server.sqlite',
      ),
    )
    .action(async (flags: InventoryFlags) => {
      finish(await run(host, (running) => print(host, running, flags)));
    });
};

async function print(host: Host, running: Running, flags: InventoryFlags): Promise<number> {
  const pns = flags.rebuild === true ? await rebuild(host, running, flags) : await ask(host, running, flags);
  await host.out(flags.json === true ? pns.map((pn) => `${JSON.stringify(pn)}\n`).join('') : inventoryText(pns));
  return EXIT.ok;
}

function ask(host: Host, running: Running, flags: InventoryFlags): Promise<InventoryAnswer['pns']> {
  const { pn, gateway } = flags;
  const wire = connectToAsk(host, running, 'inventory', flags);
  return askInventory(wire, gateway === undefined ? INVENTORY_QUERY : gatewayInventoryQuery(gateway), pn ?? null);
}

/** How often progress is told. */
const PROGRESS_EVERY = 100_000;

async function rebuild(host: Host, { onClose }: Running, flags: InventoryFlags): Promise<InventoryAnswer['pns']> {
  if (flags.journal === undefined) {
    throw new UsageError(
      'No journal is given to rebuild from',
      'Name its file or database with --journal or CPNS_JOURNAL.',
    );
  }
  const journal = await openJournal(existingJournal(resolveJournal(host.cwd, flags.journal)));
  onClose('the journal', () => journal.close());
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  let told = 0;
  await projection.rebuild(({ position, head }) => {
    if (position < told + PROGRESS_EVERY) return;
    told = position;
    host.err(`${position} of ${head} events\n`);
  });
  const pns = await projection.inventory(flags.pn);
  return pns.map((pn) => ({ ...pn, members: [...pn.members] }));
}
