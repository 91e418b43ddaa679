import type { ChartId } from './charts.ts';
import type { JsonObject } from '../journal/port.ts';

/** From the data of an event in one schema version to the next one. Pure, and for good: stored events never change. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** By chart and event type: the first takes version 1 to 2, the second 2 to 3, and so on to the version of today. */
export type Upcasters = { readonly [chart in ChartId]?: { readonly [type: string]: readonly Upcaster[] } };

/**
 * Every event that ever had another shape. The version of an event in its vocabulary is one more than the number of its
 * upcasters, and each older version has a stored fixture in the tests.
 */
export const UPCASTERS: Upcasters = {
  'pne/registration': { RegistrationRequested: [withoutTimestamp] },
  'pn-gateway/gateway': { GatewayRegistrationRequested: [withoutTimestamp] },
  'cpns-server/registration': { PneAuthenticated: [withoutTimestamp] },
  'cpns-server/gateway-registration': { GatewayAuthenticated: [withoutTimestamp] },
};

/** Requests had no timestamp: whatever has one is newer. */
function withoutTimestamp(data: JsonObject): JsonObject {
  return { ...data, timestamp: null };
}

/** The data as `to` has it, or null where the way from `from` is not known. */
export function upcast(
  upcasters: Upcasters,
  event: { readonly chart: ChartId; readonly type: string; readonly data: JsonObject },
  from: number,
  to: number,
): JsonObject | null {
  if (from === to) return from < 1 ? null : event.data;
  const steps = (upcasters[event.chart]?.[event.type] ?? []).slice(from - 1, to - 1);
  if (from < 1 || steps.length !== to - from) return null;
  return steps.reduce((data, step) => step(data), event.data);
}
