import type { Rule } from './watch.ts';

/** What an auditor holds records against, beside the charts. */
export const RULES: readonly Rule[] = [];
