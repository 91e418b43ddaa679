import type { Clock } from '../../seams/clock.ts';
import type { Log } from '../../seams/log.ts';
import type { Wire } from '../../wire/port.ts';
import { ChargingRequest, MAX_RECORDS, type ChargingReply } from '../../messages/queries.ts';
import type { ChargingProjection } from '../../projections/charging/projection.ts';
import { reconcile } from '../../projections/charging/reconcile.ts';
import { answerQuery, refusal } from '../query/answer.ts';
import { CHARGING_QUERY } from '../../messages/subjects.ts';

/** Answers questions for charging records, as of everything committed when the question came. */
export function answerCharging(wire: Wire, charging: ChargingProjection, clock: Clock, log: Log): void {
  answerQuery(wire, CHARGING_QUERY, log, async (question): Promise<ChargingReply> => {
    const request = ChargingRequest.safeParse(question).data;
    if (request === undefined) return refusal(400);
    await charging.catchUp();
    const found = await charging.records({ ...request, limit: MAX_RECORDS + 1 });
    const records = found.slice(0, MAX_RECORDS).map((record) => reconcile(record, clock.now()));
    return { records, more: found.length > MAX_RECORDS };
  });
}
