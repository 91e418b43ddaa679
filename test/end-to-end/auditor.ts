import { filesBelow } from './household.ts';
import { eventsIn } from './journals.ts';
import type { Processes } from './processes.ts';

/** What `cpns replay verify` says of all SQLite journals below a folder that anything was written to; no process has them open. */
export async function auditOf(processes: Processes, folder: string): Promise<string> {
  const journals: string[] = [];
  for (const file of filesBelow(folder).filter((name) => name.endsWith('.sqlite')))
    if ((await eventsIn(file)).length > 0) journals.push(file);
  const { stdout, stderr } = await processes.run(['replay', 'verify', ...journals]);
  const verdict = stdout.trimEnd().split('\n').at(-1) ?? '';
  return verdict === 'CONFORMANT' ? verdict : stdout + stderr;
}
