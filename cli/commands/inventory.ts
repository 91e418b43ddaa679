import { id } from '../config/fields.ts';
import { NotBuiltError } from '../errors.ts';
import { examples, jsonOption, parser, setting, type Register } from '../options.ts';

export const inventory: Register = (program) => {
  program
    .command('inventory')
    .summary('print the PN Inventory')
    .description(
      'Asks the running server for its PN Inventory; or, with --rebuild, builds that of a journal anew from its events.',
    )
    .option('--pn <id>', 'this PN only', parser(id))
    .addOption(setting('nats'))
    .option('--rebuild', 'rebuild the inventory of a journal from its first event')
    .addOption(setting('journal', 'journal to rebuild from, of a server or a gateway'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'cpns inventory',
        'cpns inventory --pn home --json',
        'cpns inventory --rebuild --journal operator/server.sqlite',
      ),
    )
    .action(async () => {
      throw new NotBuiltError('inventory');
    });
};
