import { WireError, type Wire } from '../../wire/port.ts';
import { ChargingReply, type ChargingRequest, type ChargingRow, type RecordKey } from '../../messages/queries.ts';
import { askQuery } from '../query/ask.ts';
import { CHARGING_QUERY } from '../../messages/subjects.ts';

/** Asks the running server for charging records, page by page. @throws WireError when nobody answers */
export async function* askCharging(
  wire: Wire,
  about: Pick<ChargingRequest, 'pnId' | 'deviceId'>,
): AsyncIterable<readonly ChargingRow[]> {
  let after: RecordKey | null = null;
  for (;;) {
    const reply: ChargingReply = await askQuery(wire, CHARGING_QUERY, { ...about, after }, ChargingReply);
    if (!('records' in reply)) {
      const what = `The charging records were refused: ${reply.code} ${reply.reason}`;
      throw new WireError('refused', what, 'The log of the server says more.');
    }
    yield reply.records;
    const last = reply.records.at(-1);
    if (!reply.more || last === undefined) return;
    after = keyOf(last);
  }
}

const keyOf = ({ pnId, deviceId, serviceId, keyId, direction }: ChargingRow): RecordKey => ({
  pnId,
  deviceId,
  serviceId,
  keyId,
  direction,
});
