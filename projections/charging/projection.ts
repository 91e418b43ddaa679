import type { JournalReader } from '../../events/journal/port.ts';
import { Projection } from '../engine.ts';
import { ChargingFold } from './fold.ts';
import {
  CHARGING_NAME,
  type ChargingDelta,
  type ChargingRecord,
  type ChargingStore,
  type RecordsQuestion,
} from './port.ts';

/** The charging records of a server's journal, maintained. */
export class ChargingProjection extends Projection<ChargingDelta> {
  readonly #store: ChargingStore;
  constructor(journal: JournalReader, store: ChargingStore) {
    super({
      name: CHARGING_NAME,
      journal,
      store,
      foldOnto: async () => new ChargingFold(),
      foldAnew: () => new ChargingFold(),
    });
    this.#store = store;
  }

  records(question: RecordsQuestion): Promise<readonly ChargingRecord[]> {
    return this.#store.records(question);
  }
}
