import type { Kysely } from 'kysely';
import type { Capabilities } from './capabilities.ts';
import type { JournalTables } from './tables.ts';
import { EVENT_COLUMNS } from './values.ts';

/** The small reads that every step of an actor makes, compiled once; their parameters are replaced. */
export function compilePointQueries(db: Kysely<JournalTables>, { arrival }: Capabilities) {
  const ofStream = db.selectFrom('events').select(EVENT_COLUMNS).where('stream', '=', '').where('version', '>', 0);
  const answers = db.selectFrom('answers').selectAll().where('message_key', '=', '');
  return {
    inbox: db.selectFrom('inbox').select('message_key').where('message_key', '=', '').compile(),
    answers: answers.orderBy(db.dynamic.ref(arrival.column)).compile(),
    outbox: db.selectFrom('outbox').selectAll().where('id', '=', '').compile(),
    timer: db.selectFrom('timers').selectAll().where('stream', '=', '').where('name', '=', '').compile(),
    key: db.selectFrom('keys').select('wrapped').where('id', '=', '').compile(),
    snapshot: db
      .selectFrom('snapshots')
      .selectAll()
      .where('stream', '=', '')
      .where('version', '<=', 0)
      .where('position', '<=', 0)
      .orderBy('version', 'desc')
      .limit(1)
      .compile(),
    base: db.selectFrom('bases').selectAll().where('stream', '=', '').compile(),
    stream: ofStream.orderBy('version').limit(0).compile(),
  };
}
