import { startNatsServer } from '../../cli/nats-server.ts';
import { journalsIn, Started, type Contestant } from './contestant.ts';
import { startProcess } from './process.ts';

/** The same flow by hand, in the same processes, from the same configuration. */
export async function startFloor(operator: string, dir: string): Promise<Contestant> {
  const started = new Started();
  const journals = journalsIn(dir);
  try {
    const { url } = started.add(await startNatsServer());
    started.add(await startProcess('floor-server.ts', [`${operator}/server.yaml`, url, journals.server]));
    started.add(await startProcess('floor-gateway.ts', [`${operator}/server.yaml`, url, journals.gateway]));
    const pnes = started.add(await startProcess('floor-pnes.ts', [`${operator}/pnes.yaml`, url, journals.pnes]));
    return { journals, pids: started.pids, load: (load) => pnes.load(load), stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
