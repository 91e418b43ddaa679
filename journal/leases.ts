/**
 * Which processes write a journal together at the moment. For sharing out work, never for correctness: a process may go on
 * for a while after its lease ran out, and what it commits then is fenced by versions, as everything is.
 */
export interface Leases {
  /**
   * Takes or prolongs the lease of this process, by the clock of the journal: those of the processes do not matter.
   * @param id of one life of a process, never used before
   * @throws JournalError
   */
  renew(id: string, forMs: number): Promise<Renewal>;
  /** The others need not wait until it runs out. @throws JournalError */
  giveBack(id: string): Promise<void>;
}

export interface Renewal {
  /** Whether the lease had stood until now. When not, the others may have shared out the work without this process. */
  readonly held: boolean;
  /** Ids of the others that have one, ascending. */
  readonly others: readonly string[];
}
