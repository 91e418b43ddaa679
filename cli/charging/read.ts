import { MemoryChargingStore } from '../../projections/charging/memory.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { reconcile, type Reconciled } from '../../projections/charging/reconcile.ts';
import type { Host } from '../host.ts';
import { readerWith } from '../journal/archives.ts';
import { openJournalReader } from '../journal/open.ts';
import type { Running } from '../run.ts';

/**
 * The charging records of a server's journal, folded anew from its first event; the server may be running.
 * @throws JournalError
 */
export async function readCharging(
  host: Host,
  { onClose }: Running,
  { name, archive }: { readonly name: string; readonly archive: readonly string[] | undefined },
  about: { readonly pnId: string | null; readonly deviceId: string | null },
  now: number,
): Promise<readonly Reconciled[]> {
  const journal = await openJournalReader(name);
  onClose('the journal', () => journal.close());
  const projection = new ChargingProjection(await readerWith(host, journal, archive), new MemoryChargingStore());
  await projection.rebuild();
  const records = await projection.records({ ...about, after: null, limit: Number.MAX_SAFE_INTEGER });
  return records.map((record) => reconcile(record, now));
}
