import { hash } from 'node:crypto';
import type { Chart } from '../machines/chart.ts';

const hashes = new WeakMap<object, { readonly id: string; readonly hash: string }>();

/** Chart id and SHA-256 of its definition, hex: which law an event was taken under. */
export function chartName(chart: Chart): { readonly id: string; readonly hash: string } {
  const known = hashes.get(chart);
  if (known !== undefined) return known;
  const name = { id: chart.id, hash: hash('sha256', chart.definition) };
  hashes.set(chart, name);
  return name;
}

const programs = new WeakMap<object, string>();

/** SHA-256 of what the definition does not hold of a chart, hex: which program folds. */
export function programOf(chart: Chart): string {
  const known = programs.get(chart);
  if (known !== undefined) return known;
  const program = hash('sha256', chart.program);
  programs.set(chart, program);
  return program;
}
