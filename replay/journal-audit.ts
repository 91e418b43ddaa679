import type { UsedChart } from './conformance.ts';
import type { Integrity } from './integrity.ts';

/** What was found in one journal. */
export interface JournalAudit {
  readonly name: string;
  readonly owner: string;
  readonly integrity: Integrity;
  /** `none`: no key was given. `unsigned`: none of the keys signed anything of it. */
  readonly signatures: 'none' | 'unsigned' | 'checked';
  /** Notes in it that a key the auditor does not have signed. */
  readonly foreign: readonly (number | string)[];
  /** Events before its first one, which are not here. */
  readonly missing: number;
  /** Index of the journal that it is a copy of, or the beginning of one: what it holds is judged there. Null for any other. */
  readonly copyOf: number | null;
  readonly charts: readonly UsedChart[];
}
