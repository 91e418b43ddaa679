import { createHash } from 'node:crypto';
import type { Chart } from '../machines/chart.ts';

const hashes = new WeakMap<object, { readonly id: string; readonly hash: string }>();

/** Chart id and SHA-256 of its definition, hex: which law an event was taken under. */
export function chartName(chart: Chart): { readonly id: string; readonly hash: string } {
  const known = hashes.get(chart);
  if (known !== undefined) return known;
  const name = { id: chart.id, hash: createHash('sha256').update(chart.definition).digest('hex') };
  hashes.set(chart, name);
  return name;
}
