import type { CompiledQuery } from 'kysely';
import { CompiledQuery as Query } from 'kysely';
import type { Leases, Renewal } from '../leases.ts';
import type { Address } from './address.ts';
import { Link } from './link.ts';

/** Leases of processes that died are kept for so long, for whoever looks after what happened. */
const FORGET_AFTER = `interval '1 hour'`;

/** `held` is seen as it was before: the parts of one statement share its snapshot. */
const RENEW = `
  with before as (select 1 from leases where id = $1 and until > clock_timestamp()),
  renewed as (
    insert into leases (id, until) values ($1, clock_timestamp() + $2::bigint * interval '1 millisecond')
    on conflict (id) do update set until = excluded.until),
  forgotten as (delete from leases where id <> $1 and until < clock_timestamp() - ${FORGET_AFTER})
  select exists (select 1 from before) as held, array(
    select id from leases where id <> $1 and until > clock_timestamp() order by id) as others`;

const GIVE_BACK = 'delete from leases where id = $1';

/** Rows of the journal's database, by its clock. On a connection of their own: nothing may hold up a renewal. */
export class PostgresLeases implements Leases {
  readonly #link: Link;
  constructor(address: Address) {
    this.#link = new Link(address, 'leases');
  }

  async renew(id: string, forMs: number): Promise<Renewal> {
    const [row] = await this.#link.read<Renewal>(query(RENEW, [id, forMs]));
    return { held: row?.held ?? false, others: row?.others ?? [] };
  }

  async giveBack(id: string): Promise<void> {
    await this.#link.read(query(GIVE_BACK, [id]));
  }

  close(): void {
    this.#link.close();
  }
}

function query<Row>(text: string, parameters: readonly unknown[]): CompiledQuery<Row> {
  return Query.raw(text, [...parameters]);
}
