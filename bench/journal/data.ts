import type { Commit, JsonObject, NewEvent } from '../../events/journal/port.ts';

const PNS = 100;
const DEVICES = 20;

/** The i-th event of a registrar with 100 PNs of 20 devices each: 250 bytes of JSON, each device joining again and again. */
export function eventAt(i: number): NewEvent {
  const pn = i % PNS;
  const revision = Math.floor(i / PNS);
  const deviceId = `device-${revision % DEVICES}`;
  const change = {
    revision: revision + 1,
    previous: revision,
    deviceId,
    kind: 'added',
    status: 'member',
    cpnsId: null,
  };
  const data: JsonObject = { deviceId, gatewayId: `gateway-${pn}`, inventory: { pnId: `pn-${pn}`, changes: [change] } };
  return {
    type: 'InventoryUpdated',
    schemaVersion: 1,
    data,
    meta: {
      messageId: `01kb0000000000000000${i}`,
      correlationId: `correlation-${i >> 3}`,
      causationId: null,
      role: 'cpns-server',
      chart: { id: 'cpns-server/personal-network', hash: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
      crStep: '1.4.1/3',
      recordedAt: '2026-11-23T04:12:24.000Z',
    },
  };
}

/** Commits of `size` events to one stream each, the streams in turn, every one with its message key. */
export function commits(count: number, size: number): readonly Commit[] {
  const versions = new Map<string, number>();
  return Array.from({ length: count }, (_, i) => {
    const stream = `pn/pn-${i % PNS}`;
    const version = versions.get(stream) ?? 0;
    versions.set(stream, version + size);
    const events = Array.from({ length: size }, (__, j) => eventAt(i * size + j));
    return {
      messageKey: `gateway/message-${i}`,
      appends: [{ stream, expected: { kind: 'exactly', version }, events }],
      outbox: { put: [], settle: [] },
      answers: [],
      timers: { arm: [], disarm: [] },
      keys: { put: [], drop: [] },
    };
  });
}
