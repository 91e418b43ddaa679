import { existsSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for user space: proc(5), /proc/pid/stat. */
const TICK_MS = 10;
/** Fields 14 and 15, utime and stime, counted from behind the name in parentheses. */
const UTIME = 11;
const STIME = 12;

/** Processor time that these processes have used, in milliseconds; null where there is no /proc. */
export function cpuMs(pids: readonly number[]): number | null {
  let ticks = 0;
  for (const pid of pids) {
    const file = `/proc/${pid}/stat`;
    if (!existsSync(file)) return null;
    const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    ticks += Number(fields[UTIME]) + Number(fields[STIME]);
  }
  return ticks * TICK_MS;
}
