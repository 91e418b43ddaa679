import { CHARGING } from './charging/model.ts';
import { INVENTORY } from './inventory.ts';
import type { ReadModel } from './port.ts';

/** The read models of a journal, by the role that writes it. */
export const READ_MODELS = {
  'cpns-server': [INVENTORY, CHARGING],
  'pn-gateway': [INVENTORY],
  pne: [],
} as const satisfies Readonly<Record<string, readonly ReadModel<unknown>[]>>;
