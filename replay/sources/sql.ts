import { sql } from 'kysely';
import { EMPTY_FRONTIER, frontierFromBytes, rootOf, type Frontier } from '../../journal/merkle/frontier.ts';
import type { Base, Snapshot, StoredEvent } from '../../journal/port.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { toStored } from '../../journal/sql/rows.ts';
import type { JournalSource, SourceHead, SourceRange } from '../source.ts';

/** A journal in a database. Closing the source closes the reader. */
export async function sqlSource(name: string, reader: SqlReader): Promise<JournalSource> {
  const before = (await reader.archived())?.edge ?? EMPTY_FRONTIER;
  return new SqlSource(name, reader, await headOf(reader, before));
}

/** In one statement: of one moment, also while a role commits. */
async function headOf({ db }: SqlReader, before: Frontier): Promise<SourceHead> {
  const last = db.selectFrom('events').select(({ fn }) => fn.max('position').as('last'));
  const row = await db
    .selectFrom('head')
    .select(['position', 'roots', last.as('last')])
    .executeTakeFirstOrThrow();
  const edge = frontierFromBytes(row.position, row.roots);
  const root = edge === null ? null : rootOf(edge);
  return { before, joints: [], size: row.position, root, note: null, last: row.last ?? 0, keeps: 'nodes' };
}

class SqlSource implements JournalSource {
  readonly name: string;
  readonly head: SourceHead;
  readonly #reader: SqlReader;

  constructor(name: string, reader: SqlReader, head: SourceHead) {
    this.name = name;
    this.#reader = reader;
    this.head = head;
  }

  async stored({ after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    // What is known of the journal itself stays here beside an archive; in the order of positions it belongs to that.
    const { size } = this.head.before;
    const from = size === 0 ? after : Math.max(after, size);
    const query = this.#rows().where('position', '>', from).orderBy('position').limit(limit);
    return (await query.execute()).map(toStored);
  }

  async storedStream(stream: string, { after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    const query = this.#rows().where('stream', '=', stream).where('version', '>', after).orderBy('version');
    return (await query.limit(limit).execute()).map(toStored);
  }

  async storedCorrelation(id: string, { after, limit }: SourceRange): Promise<readonly StoredEvent[]> {
    const query = this.#rows().where('correlation_id', '=', id).where('position', '>', after).orderBy('position');
    return (await query.limit(limit).execute()).map(toStored);
  }

  async streams({ after, limit }: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    const names = await this.#names({ after, limit });
    if (this.head.before.size === 0) return names;
    const bases = this.#reader.db.selectFrom('bases').select('stream').where('stream', '>', after).orderBy('stream');
    const archived = (await bases.limit(limit).execute()).map(({ stream }) => stream);
    return [...new Set([...names, ...archived])].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, limit);
  }

  /** One look into the index of streams for each name, however many events the streams have. */
  async #names({ after, limit }: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    const { last } = this.head;
    const { rows } = await sql<{ stream: string }>`
      with recursive names(stream, n) as (
        select (select stream from events where stream > ${after} and position <= ${last} order by stream limit 1), 1
        union all
        select (select stream from events where stream > names.stream and position <= ${last} order by stream limit 1), n + 1
        from names where names.stream is not null and n < ${limit})
      select stream from names where stream is not null order by n`.execute(this.#reader.db);
    return rows.map(({ stream }) => stream);
  }

  snapshot(stream: string, position: number): Promise<Snapshot | null> {
    return this.#reader.snapshot(stream, { position: Math.min(position, this.head.last) });
  }

  base(stream: string): Promise<Base | null> {
    return this.#reader.base(stream);
  }

  async node(level: number, index: number): Promise<Uint8Array | null> {
    const [found] = await this.#reader.nodes(level, index, index + 1);
    return found ?? null;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #rows() {
    return this.#reader.db.selectFrom('events').selectAll().where('position', '<=', this.head.last);
  }
}
