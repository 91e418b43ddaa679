import type { Log } from '../../seams/log.ts';
import { Engine, type Projection } from '../../projections/engine.ts';
import { ProjectionError } from '../../projections/port.ts';
import type { Journal, JournalReader } from '../../journal/port.ts';
import type { Host } from '../host.ts';
import type { Running } from '../run.ts';

/** How long projections may lag behind the journal while nobody asks for them. */
const LAG_MS = 200;

/**
 * Keeps projections up behind their journal, until the end of the run and up to its last event. A commit only wakes: what
 * was committed is read from the journal, from each one's checkpoint on. One that stops is named in the log and takes nothing
 * else with it: a read model is no reason to register nobody. The exit code of the run is 1 then.
 */
export function follow(
  host: Pick<Host, 'clock'>,
  { onClose }: Pick<Running, 'onClose'>,
  journal: JournalReader & Pick<Journal, 'onCommit'>,
  projections: readonly Projection<unknown>[],
  log: Log,
): void {
  const engine = new Engine(journal, projections, ({ name }, error) => tell(log, name, error));
  let cancel: (() => void) | null = null;
  const catchUp = (): void => {
    cancel = null;
    engine.catchUp().catch((error: unknown) => tell(log, 'projections', error));
  };
  const wake = (): void => {
    cancel ??= host.clock.after(LAG_MS, catchUp);
  };
  const unlisten = journal.onCommit(wake);
  wake();
  onClose('the projections', async () => {
    unlisten();
    cancel?.();
    await engine.catchUp();
    const [stopped] = engine.stopped;
    if (stopped !== undefined) throw stopped;
  });
}

function tell(log: Log, name: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProjectionError) log.error('projection stopped', { name, ...error.event, error: message });
  else log.warn('projection could not be brought up; the next event tries again', { name, error: message });
}
