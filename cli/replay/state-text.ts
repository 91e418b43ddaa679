import { counted } from '../counted.ts';
import type { Json } from '../../journal/port.ts';
import type { Difference } from '../../replay/json-diff.ts';
import type { ActorState, InventoryState, StateAt, StateDifference, UsedSnapshot } from '../../replay/state.ts';
import { table } from '../inventory/text.ts';

export function stateText(state: StateAt): string {
  const { journal, position, recordedAt, inventories, actors, snapshots } = state;
  const head = `${journal} at position ${position}${recordedAt === null ? '' : `, recorded ${recordedAt}`}`;
  if (inventories.length + actors.length === 0)
    return `${head}\n\nnothing of what was asked for is in it up to there\n`;
  return `${[head, ...inventories.map(inventoryText), ...actors.map(actorText), ...snapshotText(snapshots)].join('\n\n')}\n`;
}

const SHOWN_SNAPSHOTS = 5;

/** What is no surer than a cache of the operator has to say so, to an auditor above all. */
function snapshotText(snapshots: readonly UsedSnapshot[]): readonly string[] {
  if (snapshots.length === 0) return [];
  const shown = [...new Set(snapshots.map(({ stream, position }) => `${stream} at ${position}`))];
  const more = shown.length > SHOWN_SNAPSHOTS ? `, and ${shown.length - SHOWN_SNAPSHOTS} more` : '';
  const which = `${shown.slice(0, SHOWN_SNAPSHOTS).join(', ')}${more}`;
  return [
    `Folded on from snapshots that nothing signs and nobody checked: ${which}. With --no-snapshots: from events.`,
  ];
}

function inventoryText({ pnId, stream, revision, members }: InventoryState): string {
  const rows = members.map(({ deviceId, status, cpnsId }) => ['', deviceId, status, cpnsId ?? '-']);
  return [`PN ${pnId} (${stream}), revision ${revision}, ${counted(members.length, 'PNE')}`, ...table(rows)].join('\n');
}

function actorText({ stream, version, position, chart, value, context, lost }: ActorState): string {
  const head = `${stream}, version ${version}, last event at ${position}${chart === null ? '' : `, chart ${chart}`}`;
  if (lost !== null) return `${head}\n  no state: ${lost}`;
  return [`${head}`, `  state ${compact(value)}`, ...indented(context)].join('\n');
}

function indented(value: Json): readonly string[] {
  return JSON.stringify(value, null, 2)
    .split('\n')
    .slice(1, -1)
    .map((line) => `  ${line}`);
}

const compact = (value: Json | undefined): string => (value === undefined ? '-' : JSON.stringify(value));

export function differenceText({ journal, positions, inventories, actors, snapshots }: StateDifference): string {
  const lines = [
    `${journal}: from position ${positions[0]} to ${positions[1]}`,
    ...inventories.flatMap(({ pnId, stream, differences }) => [
      '',
      `PN ${pnId} (${stream})`,
      ...differences.map(lineOf),
    ]),
    ...actors.flatMap(({ stream, versions, differences }) => [
      '',
      `${stream}: version ${versions[0]} to ${versions[1]}`,
      ...differences.map(lineOf),
    ]),
  ];
  if (inventories.length + actors.length === 0) lines.push('no difference');
  lines.push(...snapshotText(snapshots).flatMap((line) => ['', line]));
  return `${lines.join('\n')}\n`;
}

const lineOf = ({ path, before, after }: Difference): string => `  ${path}: ${compact(before)} -> ${compact(after)}`;
