import { readStreamName } from '../../machines/streams.ts';
import { z } from 'zod';
import { CpnsId, KeyId, UsageSums, type UsageSum } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { addTotal, NOTHING } from '../../machines/usage.ts';
import { handlerError, type Fold } from '../port.ts';
import { CHARGING_NAME, recordId, sessionId, type ChargingDelta, type SessionRow, type UsageRow } from './port.ts';

const Counted = z.object({ usage: UsageSums });
const Opened = z.object({ code: z.literal(200), keyId: KeyId, cpnsId: CpnsId });
const Closed = z.object({ keyId: KeyId });

/** Which of the two counts an event of the chart `cpns-server/charging` adds to. */
const COUNTS: { readonly [type: string]: 'server' | 'gateway' } = {
  UsageRecorded: 'server',
  GatewayUsageReceived: 'gateway',
};

/**
 * The fold of the server's journal into charging records: what it counted itself and what the PN GW reported, side by
 * side and neither corrected by the other, and which sessions there were. Deltas are sums, so that a page needs nothing
 * of the pages before it.
 */
export class ChargingFold implements ChargingDelta, Fold {
  readonly usage = new Map<string, UsageRow>();
  readonly sessions = new Map<string, SessionRow>();

  apply(event: RecordedEvent): void {
    const name = readStreamName(event.stream);
    if (name?.chart === 'cpns-server/registration') this.#session(event, name.ids);
    if (name?.chart !== 'cpns-server/charging') return;
    const side = COUNTS[event.type];
    if (side === undefined) return;
    const counted = Counted.safeParse(event.data).data;
    if (counted === undefined) throw handlerError(CHARGING_NAME, event, 'carries malformed usage');
    for (const sum of counted.usage) this.#count(sum, side, name.ids);
  }

  #count(sum: UsageSum, side: 'server' | 'gateway', pne: Pick<UsageRow, 'pnId' | 'deviceId'>): void {
    const { keyId, serviceId, direction, from, to } = sum;
    const key = { ...pne, keyId, serviceId, direction };
    const row = this.usage.get(recordId(key)) ?? { ...key, server: NOTHING, gateway: NOTHING, from, to };
    const total = addTotal(row[side], [sum]);
    const span = { from: Math.min(row.from, from), to: Math.max(row.to, to) };
    this.usage.set(recordId(key), { ...row, [side]: total, ...span });
  }

  #session(event: RecordedEvent, pne: Pick<SessionRow, 'pnId' | 'deviceId'>): void {
    const { type, data, meta } = event;
    if (type === 'RegistrationAnswered') {
      const opened = Opened.safeParse(data).data;
      if (opened === undefined) return;
      const session = { ...pne, keyId: opened.keyId, cpnsId: opened.cpnsId, closedAt: null };
      this.sessions.set(sessionId(session), session);
    }
    if (type === 'SecureSessionClosed') {
      const closed = Closed.safeParse(data).data;
      if (closed === undefined) throw handlerError(CHARGING_NAME, event, 'does not say which session');
      const session = { ...pne, keyId: closed.keyId };
      const cpnsId = this.sessions.get(sessionId(session))?.cpnsId ?? null;
      this.sessions.set(sessionId(session), { ...session, cpnsId, closedAt: Date.parse(meta.recordedAt) });
    }
  }
}
