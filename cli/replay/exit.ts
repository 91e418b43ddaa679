import type { VerdictWord } from '../../replay/verdict.ts';

/** Exit codes of `cpns replay verify`; 2 is wrong use, as everywhere, and 1 that it could not be done. */
export const VERDICT_EXIT: { readonly [word in VerdictWord]: number } = {
  CONFORMANT: 0,
  DEVIATIONS: 3,
  TAMPERED: 4,
  INCOMPLETE: 5,
};
