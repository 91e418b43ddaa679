import { UsageSums } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { idInStream } from '../../machines/streams.ts';
import { MemoryChargingStore } from '../../projections/charging/memory.ts';
import { recordId } from '../../projections/charging/port.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { placed, text, where } from './reading.ts';
import type { Checker } from './evidence.ts';
import { readerOf } from '../journal/recorded.ts';

/** Sums of usage, each as `<direction> of <service>` of a session of a PNE, by what they add up to. */
class UsageTotals {
  readonly #totals = new Map<string, { messages: number; bytes: number }>();

  add(pne: string, event: RecordedEvent): void {
    for (const { keyId, serviceId, direction, messages, bytes } of UsageSums.parse(event.data['usage'])) {
      const key = `${pne} ${serviceId} ${keyId} ${direction}`;
      const total = this.#totals.get(key) ?? { messages: 0, bytes: 0 };
      this.#totals.set(key, { messages: total.messages + messages, bytes: total.bytes + bytes });
    }
  }

  toString(): string {
    return JSON.stringify([...this.#totals].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/**
 * I16: usage that a PN GW recorded is counted at the server once, as it was reported; the charging records are the sums of
 * the events of both counts.
 */
export const usageAddsUp: Checker = async (evidence) => {
  const found: string[] = [];
  const totals = { recorded: new UsageTotals(), server: new UsageTotals(), gateway: new UsageTotals() };
  const reported = new Map<string, string>();
  const counted = new Map<string, string>();
  const events: RecordedEvent[] = [];
  for (const one of placed(evidence)) {
    const { node, event } = one;
    const [pnId, deviceId] = [idInStream(event.stream, 'pnId'), idInStream(event.stream, 'deviceId')];
    if (node === 'server') events.push(event);
    const usage = JSON.stringify(event.data['usage']);
    const id = text(event, 'reportId') ?? '';
    if (node === 'gateway' && event.type === 'UsageRecorded') {
      totals.recorded.add(`${text(event, 'pnId')} ${deviceId}`, event);
    }
    if (node === 'gateway' && event.type === 'UsageReported') reported.set(id, usage);
    if (node !== 'server' || event.meta.chart.id !== 'cpns-server/charging') continue;
    if (event.type === 'UsageRecorded') totals.server.add(`${pnId} ${deviceId}`, event);
    if (event.type !== 'GatewayUsageReceived') continue;
    totals.gateway.add(`${pnId} ${deviceId}`, event);
    const before = counted.get(id);
    if (before !== undefined) found.push(`${where(one)}: report ${id} was counted already (${before})`);
    if (reported.get(id) !== usage) found.push(`${where(one)}: report ${id} is not what the PN GW reported`);
    counted.set(id, where(one));
  }
  if (evidence.phase === 'calm' && `${totals.recorded}` !== `${totals.gateway}`) {
    found.push(`the PN GW recorded ${totals.recorded}, the server has ${totals.gateway} of it`);
  }
  return [...found, ...(await recordsDiffer(events, totals))];
};

async function recordsDiffer(
  events: readonly RecordedEvent[],
  totals: { readonly server: UsageTotals; readonly gateway: UsageTotals },
): Promise<readonly string[]> {
  const projection = new ChargingProjection(readerOf(events), new MemoryChargingStore());
  await projection.catchUp();
  const records = await projection.records({ pnId: null, deviceId: null, after: null, limit: Number.MAX_SAFE_INTEGER });
  return (['server', 'gateway'] as const).flatMap((side) => {
    const ours = records
      .filter((record) => record[side].messages > 0)
      .map((record) => [recordId(record), record[side]])
      .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    const differ = JSON.stringify(ours) !== `${totals[side]}`;
    return differ ? [`the records say ${JSON.stringify(ours)} of the ${side}, its events ${totals[side]}`] : [];
  });
}
