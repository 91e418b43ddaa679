import { type InventoryAnswer } from '../../messages/queries.ts';
import { WireError } from '../../wire/port.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { id } from '../config/fields.ts';
import type { NatsFlags } from '../config/nats.ts';
import { loadKeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, openJournal } from '../journal/open.ts';
import { progressOf } from '../journal/progress.ts';
import { askInventory } from '../inventory/ask.ts';
import { askPersonal, devicesOf, readPersonal, type PersonalOfDevices } from '../inventory/personal.ts';
import { inventoryText } from '../inventory/text.ts';
import { examples, jsonOption, parser, setting, type Register, withKeyringKey } from '../options.ts';
import { connectToAsk } from '../query/ask.ts';
import { givenKeyring } from '../keys/given.ts';
import { run, type Running } from '../run.ts';
import { gatewayInventoryQuery, INVENTORY_QUERY } from '../../messages/subjects.ts';

interface InventoryFlags extends NatsFlags, Given {
  readonly pn?: string;
  readonly gateway?: string;
  readonly rebuild?: true;
  readonly json?: true;
}

export const inventory: Register = (program, host, finish) => {
  program
    .command('inventory')
    .summary('print the PN Inventory')
    .description(
      'Asks the running server, or a running PN GW, for its PN Inventory; with --rebuild, builds that of a journal anew ' +
        'from its first event. A journal is rebuilt while its role is not running. Name, MAC address and user of a device ' +
        'are shown where somebody told them, they were not erased, and this NATS user may ask for them (an observer may ' +
        'not); with --rebuild, where the key file is given.',
    )
    .option('--pn <id>', 'this PN only', parser(id))
    .option('--gateway <id>', "the local inventory of this PN GW instead of the server's", parser(id))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .option('--rebuild', 'rebuild the inventory of a journal from its first event')
    .addOption(setting('journal', 'journal to rebuild from, of a server or a gateway'))
    .addOption(setting('keyFile', 'key file of the journal, to read what is personal with --rebuild'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns inventory',
        'cpns inventory --pn home --json',
        'cpns inventory --gateway hub-hall',
        'cpns inventory --rebuild --journal operator/server.sqlite --key-file operator/server.key',
      ),
    )
    .action(async (flags: InventoryFlags) => {
      const given = withKeyringKey(flags, host);
      finish(await run(host, (running) => print(host, running, given)));
    });
};

/** PN Inventories, and what is personal about their devices as far as it can be read here. */
interface Found {
  readonly pns: InventoryAnswer['pns'];
  readonly personal: PersonalOfDevices;
}

async function print(host: Host, running: Running, flags: InventoryFlags): Promise<number> {
  const found = flags.rebuild === true ? await rebuild(host, running, flags) : await ask(host, running, flags);
  await host.out(flags.json === true ? json(found) : inventoryText(found.pns, found.personal));
  return EXIT.ok;
}

function json({ pns, personal }: Found): string {
  const lines = pns.map(({ members, ...pn }) => ({
    ...pn,
    members: members.map((one) => {
      const about = personal.get(one.deviceId);
      return about === undefined || about.state === 'none' ? one : { ...one, personal: about };
    }),
  }));
  return lines.map((pn) => `${JSON.stringify(pn)}\n`).join('');
}

async function ask(host: Host, running: Running, flags: InventoryFlags): Promise<Found> {
  const { pn, gateway } = flags;
  const wire = await connectToAsk(host, running, 'inventory', flags);
  const subject = gateway === undefined ? INVENTORY_QUERY : gatewayInventoryQuery(gateway);
  const pns = await askInventory(wire, subject, pn ?? null);
  // A PN GW is told nothing personal.
  if (gateway !== undefined) return { pns, personal: new Map() };
  try {
    return { pns, personal: await askPersonal(wire, devicesOf(pns)) };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    host.err(`Name, MAC address and user are not shown: ${error.message}. ${error.remedy}\n`);
    return { pns, personal: new Map() };
  }
}

async function rebuild(host: Host, { onClose }: Running, flags: InventoryFlags): Promise<Found> {
  const { journal: file } = loadKeysOptions(flags, host.cwd);
  if (file === null) {
    throw new UsageError(
      'No journal is given to rebuild from',
      'Name its file or database with --journal or CPNS_JOURNAL.',
    );
  }
  const journal = await openJournal(existingJournal(file));
  onClose('the journal', () => journal.close());
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  const tell = progressOf(host, 'rebuilt');
  await projection.rebuild(({ position, head }) => tell(position, head));
  const pns = (await projection.inventory(flags.pn)).map((pn) => ({ ...pn, members: [...pn.members] }));
  return { pns, personal: await readPersonal({ journal, keyring: givenKeyring(host, flags) }, devicesOf(pns)) };
}
