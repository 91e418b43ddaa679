import { addCount, type Total } from '../../machines/usage.ts';
import { MemoryStore } from '../memory-store.ts';
import {
  CHARGING_NAME,
  recordId,
  sessionId,
  type ChargingDelta,
  type ChargingRecord,
  type ChargingStore,
  type RecordsQuestion,
  type SessionRow,
  type UsageRow,
} from './port.ts';

/** The simulated twin of the store in a database. */
export class MemoryChargingStore extends MemoryStore<ChargingDelta> implements ChargingStore {
  readonly #usage = new Map<string, UsageRow>();
  readonly #sessions = new Map<string, SessionRow>();
  constructor(checkpoint = 0) {
    super(CHARGING_NAME, checkpoint);
  }

  async records({ pnId, deviceId, after, limit }: RecordsQuestion): Promise<readonly ChargingRecord[]> {
    const from = after === null ? '' : recordId(after);
    return [...this.#usage.entries()]
      .filter(
        ([id, row]) => id > from && (pnId ?? row.pnId) === row.pnId && (deviceId ?? row.deviceId) === row.deviceId,
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([, row]) => this.#record(row));
  }

  #record(row: UsageRow): ChargingRecord {
    const found = this.#sessions.get(sessionId(row));
    if (found === undefined) return { ...row, cpnsId: null, session: 'unknown', closedAt: null };
    const { cpnsId, closedAt } = found;
    return { ...row, cpnsId, session: closedAt === null ? 'open' : 'closed', closedAt };
  }

  protected override clear(): void {
    this.#usage.clear();
    this.#sessions.clear();
  }

  protected override put({ usage, sessions }: ChargingDelta): void {
    for (const [id, row] of usage) {
      const before = this.#usage.get(id);
      this.#usage.set(id, before === undefined ? row : sumOf(before, row));
    }
    for (const [id, { cpnsId, closedAt, ...key }] of sessions) {
      const before = this.#sessions.get(id);
      const session = { cpnsId: before?.cpnsId ?? cpnsId, closedAt: before?.closedAt ?? closedAt };
      this.#sessions.set(id, { ...key, ...session });
    }
  }
}

const plus = (a: Total, b: Total): Total => ({
  messages: addCount(a.messages, b.messages),
  bytes: addCount(a.bytes, b.bytes),
});

function sumOf(a: UsageRow, b: UsageRow): UsageRow {
  const [from, to] = [Math.min(a.from, b.from), Math.max(a.to, b.to)];
  return { ...a, server: plus(a.server, b.server), gateway: plus(a.gateway, b.gateway), from, to };
}
