import { SNAPSHOT_EVERY } from '../../actors/loop/snapshots.ts';
import type { Given } from './settings.ts';
import { whole } from './fields.ts';

/** At every how many events of its stream the state of an actor is kept: a field in the files of the server and of PN GWs. */

/** Below ten there would be more states than steps; above 100,000 a fold takes more than a second. */
export const snapshotEvery = whole(10, 100_000, 'events');

export const snapshotFields = { snapshotEvery: snapshotEvery.optional() };

/** Flags and variables, then the file, then the default. */
export function snapshotSetting(given: Given, file: { readonly snapshotEvery?: number | undefined }): number {
  return given.snapshotEvery ?? file.snapshotEvery ?? SNAPSHOT_EVERY;
}
