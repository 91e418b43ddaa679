import type { Commit, Journal } from '../../journal/port.ts';
import type { Connections } from '../../projections/sql-store.ts';

/** The same work by hand, on the same tables; each tells how many events it did. */
export interface Floor {
  /** @param perTransaction commits that share a transaction */
  append(commits: readonly Commit[], perTransaction: number): Promise<number>;
  /** One transaction each, by as many callers at a time as the database is given connections. */
  appendEach(commits: readonly Commit[]): Promise<number>;
  read(page: number): Promise<number>;
  rebuild(page: number): Promise<number>;
  close(): Promise<void>;
}

/** A database with a new journal in it. */
export interface Storage {
  readonly journal: Journal & Connections;
  openFloor(): Promise<Floor>;
  dispose(): Promise<void>;
}

export interface Contestants {
  readonly name: 'SQLite' | 'PostgreSQL';
  open(): Promise<Storage>;
  close(): Promise<void>;
}
