import type { JournalReader } from '../../journal/port.ts';
import { Projection } from '../engine.ts';
import { ChargingFold } from './fold.ts';
import { CHARGING } from './model.ts';
import type { ChargingDelta, ChargingRecord, ChargingStore, RecordsQuestion } from './port.ts';

/** The charging records of a server's journal, maintained. */
export class ChargingProjection extends Projection<ChargingDelta> {
  readonly #store: ChargingStore;
  constructor(journal: JournalReader, store: ChargingStore) {
    super({ model: CHARGING, journal, store, foldOnto: async () => new ChargingFold() });
    this.#store = store;
  }

  records(question: RecordsQuestion): Promise<readonly ChargingRecord[]> {
    return this.#store.records(question);
  }
}
