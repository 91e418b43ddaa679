import { foldActor } from '../../fold/fold.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { SnapshotKeeper } from '../../actors/loop/snapshots.ts';
import type { Journal, JsonObject, RecordedEvent } from '../../journal/port.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { households } from '../../test/replay/load.ts';
import { generated } from '../../test/replay/mutations/base.ts';
import { LONG_STREAMS, registeringAgain } from './long-stream.ts';
import { chartOf } from '../../machines/streams.ts';

/** Registrations of the long PN for each thousand events of all others. */
const TURNS = 4;
/** Households that live at the same time have lived by then. */
const FIRST_LIVED = 10_000;

/**
 * A journal of a server: households in both flows, with failures, and one PN whose device registers again and again, with
 * the snapshots that a server would keep of it. @returns how many events it has
 */
export async function store(file: string, events: number): Promise<number> {
  const [server] = await generated('load');
  const lived = (server?.rows.events ?? []).map((event): RecordedEvent => {
    const data: JsonObject = JSON.parse(event.data);
    return { ...event, data };
  });
  const journal = await openSqliteJournal(file);
  const again = registeringAgain(lived);
  const keeping = new Keeping(journal);
  let stored = 0;
  for (const commit of households(lived, events)) {
    await journal.commit(commit);
    stored += commit.appends.length;
    if (stored < FIRST_LIVED) continue;
    for (let turn = 0; turn < TURNS; turn++) {
      const next = again.next().value;
      await journal.commit(next);
      await keeping.committed();
    }
  }
  await keeping.stop();
  const head = await journal.head();
  await journal.close();
  return head;
}

/** Snapshots of the long streams, as the runtime keeps them. */
class Keeping {
  readonly #journal: Journal;
  readonly #clock = new SimulatedClock();
  readonly #keeper: SnapshotKeeper;
  #events: RecordedEvent[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#keeper = new SnapshotKeeper({
      journal,
      clock: this.#clock,
      warn: (message) => process.stderr.write(message),
    });
    journal.onCommit((events) => this.#events.push(...events.filter(({ stream }) => LONG_STREAMS.includes(stream))));
  }

  async committed(): Promise<void> {
    const events = this.#events;
    this.#events = [];
    if (!events.some(({ version }) => version % 100 === 0)) return;
    const actors = LONG_STREAMS.map(
      async (stream) => [stream, await foldActor(this.#journal, chartOf(stream), stream)] as const,
    );
    const folded = await Promise.all(actors);
    this.#keeper.committed(events, () => folded);
    this.#clock.advance(1_000);
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }
}
