import { fileURLToPath } from 'node:url';
import { finished, type Untouched } from '../replay/mutations/base.ts';
import { temporaryFolder } from './household.ts';
import { eventsIn } from './journals.ts';
import { Processes } from './processes.ts';

const HOUSEHOLD = fileURLToPath(new URL('../../examples/household.yaml', import.meta.url));

/** The journals of a demo of the household of the examples, which has devices that are refused, in processes of its own. */
export async function demonstrated(): Promise<readonly Untouched[]> {
  const processes = new Processes();
  const folder = temporaryFolder();
  try {
    const { code, stdout, stderr } = await processes.run(['demo', HOUSEHOLD, '--keep', folder.file('demo')]);
    if (code !== 0) throw new Error(`The demo ended with ${code}:\n${stdout}${stderr}`);
    const events = async (name: string) => eventsIn(folder.file('demo', name));
    return await finished([
      { node: 'server', events: await events('server.sqlite') },
      { node: 'gateway', events: await events('gateways/hub-hall.sqlite') },
      { node: 'pnes', events: await events('pnes.sqlite') },
    ]);
  } finally {
    await processes.endAll();
    folder.remove();
  }
}
