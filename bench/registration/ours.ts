import { lineLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import { startChild } from '../../cli/demo/child.ts';
import { askInventory } from '../../cli/inventory/ask.ts';
import { startNatsServer } from '../../cli/nats-server.ts';
import { journalsIn, Started, type Contestant } from './contestant.ts';
import { GATEWAY } from './operator.ts';
import { startProcess } from './process.ts';
import { gatewayInventoryQuery } from '../../messages/subjects.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** `cpns server` and `cpns gateway` as users start them, and the PNE role under load. @param devices how many */
export async function startOurs(operator: string, dir: string, devices: number): Promise<Contestant> {
  const started = new Started();
  const journals = journalsIn(dir);
  try {
    const { url } = started.add(await startNatsServer());
    const role = (name: 'server' | 'gateway') =>
      startChild(name, [name, '--config', `${operator}/${name}.yaml`, '--nats', url, '--journal', journals[name]]);
    const roles = [started.add(role('server')), started.add(role('gateway'))];
    await untilKnown(url, devices).catch((error: unknown) => {
      for (const { name, tail } of roles) for (const line of tail()) process.stderr.write(`${name}: ${line}\n`);
      throw error;
    });
    const pnes = started.add(await startProcess('pnes.ts', [`${operator}/pnes.yaml`, url, journals.pnes]));
    return { journals, pids: started.pids, load: (load) => pnes.load(load), stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** Waits until the PN GW knows every member. */
async function untilKnown(url: string, devices: number): Promise<void> {
  const log = lineLog({ role: 'bench', json: 'text', now: Date.now, write: () => {} });
  const wire = connectNats({ servers: url, name: 'bench', log });
  const until = performance.now() + READY_WITHIN_MS;
  try {
    for (;;) {
      const pns = await askInventory(wire, gatewayInventoryQuery(GATEWAY), null).catch(() => []);
      if (pns.reduce((sum, { members }) => sum + members.length, 0) === devices) return;
      if (performance.now() > until) throw new Error('The PN GW did not establish its PNs in time.');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await wire.close();
  }
}
