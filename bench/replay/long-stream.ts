import type { Commit, JsonObject, NewEvent, RecordedEvent } from '../../journal/port.ts';
import { streamOf } from '../../machines/streams.ts';
import { commitOf, renamed, withIds } from '../../test/replay/load.ts';

/** The PN that goes on for ever, once its household has lived: its stream, and that of a device that registers in it. */
export const LONG_PN = 'home-0';
export const LONG_REGISTRATION = streamOf('cpns-server/registration', { pnId: LONG_PN, deviceId: 'lock-0' });
export const LONG_STREAMS: readonly string[] = [
  LONG_REGISTRATION,
  streamOf('cpns-server/personal-network', { pnId: LONG_PN }),
];

/** The same of the household that really lived. */
const REGISTRATION = streamOf('cpns-server/registration', { pnId: 'home', deviceId: 'lock' });
const PN = streamOf('cpns-server/personal-network', { pnId: 'home' });
/** Events of the device that hangs up and registers again: the end of its session, a registration, the next session. */
const TURN = 8;
/** Turns are numbered on from the households, whose ids they must not take. */
const FIRST_TURN = 10_000_000;
const TURN_MS = 250;
/** TAI64 label of 1970, as hex: it may hold a second for each turn. */
const LABEL = 2n ** 62n;

/** One device of the first household ends its session and registers again, time after time: a commit for each. */
export function* registeringAgain(lived: readonly RecordedEvent[]): Generator<Commit> {
  const own = lived.filter(({ stream }) => stream === REGISTRATION || stream === PN);
  const turn = own.slice(-TURN);
  const [before = '', after = ''] = ['SessionCloseReceived', 'SecureSessionEstablished'].map((type) =>
    String(turn.find((event) => event.type === type)?.data['keyId']),
  );
  const device = new Set(['home', 'hub', 'lock', String(own.find(isAllocation)?.data['cpnsId'])]);
  const once = new Set(turn.flatMap(({ data, meta }) => [...Object.values(meta), data['requestId']].filter(isId)));
  const revision = own.filter(({ stream }) => stream === PN).length;
  for (let count = 1; ; count++) {
    const number = FIRST_TURN + count;
    const key = (of: number): string => (of === 0 ? renamed(after, 0) : renamed(after, FIRST_TURN + of));
    const named = (value: unknown): unknown => {
      if (typeof value !== 'string') return value;
      if (value === before) return key(count - 1);
      if (value === after) return key(count);
      if (device.has(value)) return renamed(value, 0);
      return once.has(value) ? renamed(value, number) : value;
    };
    yield commitOf(
      turn.map(({ stream, type, schemaVersion, data, meta }): { stream: string; event: NewEvent } => {
        const fields: JsonObject = JSON.parse(JSON.stringify(data), (name, value: unknown) => {
          if (name === 'revision') return revision + count;
          if (name === 'previous') return revision + count - 1;
          return name === 'timestamp' ? timestamp(meta.recordedAt, count) : named(value);
        });
        const around: NewEvent['meta'] = JSON.parse(JSON.stringify(meta), (_name, value: unknown) => named(value));
        const recordedAt = new Date(Date.parse(meta.recordedAt) + count * TURN_MS).toISOString();
        const event = { type, schemaVersion, data: fields, meta: { ...around, recordedAt } };
        return {
          stream: withIds(stream, (id) => `${named(id)}`),
          event,
        };
      }),
    );
  }
}

const isAllocation = ({ stream, type }: RecordedEvent): boolean =>
  stream === REGISTRATION && type === 'CpnsIdAllocated';

/** Ids that a message brought have 26 characters. */
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-v]{26}$/.test(value);

/** TAI64N, later with each turn. */
function timestamp(recordedAt: string, count: number): string {
  const seconds = LABEL + BigInt(Math.floor(Date.parse(recordedAt) / 1_000) + 100 + count);
  return `${seconds.toString(16).padStart(16, '0')}00000000`;
}
