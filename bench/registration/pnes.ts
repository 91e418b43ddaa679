import { register, startPnes } from '../../actors/start.ts';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { processHost } from '../../cli/host.ts';
import { concludedBy } from '../../cli/pne/outcome.ts';
import { openRoleProcess } from '../../cli/role-process.ts';
import { run } from '../../cli/run.ts';
import { serveLoads } from './load.ts';

/** Many PNEs in one process, as `cpns pne` runs them, told one by one to register. Arguments: configuration, NATS, journal. */
const [config = '', nats = '', journal = ''] = process.argv.slice(2);
const host = { ...processHost(), err: () => {} };
const options = loadPneOptions({ config, nats: [nats], journal }, host.cwd);

process.exitCode = await run(host, async (running) => {
  const { seams } = await openRoleProcess(host, running, { role: 'pne', name: 'pnes', ...options }, { log: 'text' });
  const { runtime } = await startPnes(options.devices, seams);
  running.onClose('the PNEs', () => runtime.stop());
  await seams.wire.flush();

  const waiting = new Map<string, (code: number) => void>();
  seams.journal.onCommit((events) => {
    for (const event of events) {
      const deviceId = concludedBy(event);
      if (deviceId === null) continue;
      const code = event.type === 'SecureSessionConfirmed' ? 200 : Number(event.data['code'] ?? 408);
      waiting.get(deviceId)?.(code);
    }
  });
  const devices = new Map(options.devices.map((device) => [device.deviceId, device]));
  await serveLoads([...devices.keys()], async (deviceId) => {
    const device = devices.get(deviceId);
    if (device === undefined) throw new Error(`${deviceId} is not configured.`);
    const { promise, resolve } = Promise.withResolvers<number>();
    waiting.set(deviceId, resolve);
    await register(runtime, device);
    return promise.finally(() => waiting.delete(deviceId));
  });
  return 0;
});
