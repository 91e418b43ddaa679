import { MemoryChargingStore } from '../../projections/charging/memory.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { reconcile, type Reconciled } from '../../projections/charging/reconcile.ts';
import type { World } from './world.ts';

/** The charging records of a world's server, as they stand at this moment of its clock. */
export async function recordsOf(world: World): Promise<readonly Reconciled[]> {
  const journal = world.journal('server');
  if (journal === null) throw new Error('the server is down');
  const projection = new ChargingProjection(journal, new MemoryChargingStore());
  await projection.catchUp();
  const records = await projection.records({ pnId: null, deviceId: null, after: null, limit: Number.MAX_SAFE_INTEGER });
  return records.map((record) => reconcile(record, world.clock.now()));
}
