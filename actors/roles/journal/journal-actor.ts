import { chartOf } from '../../../machines/streams.ts';
import type { CommitResult, Journal, StreamSource } from '../../../journal/port.ts';
import type { Chart } from '../../../machines/chart.ts';
import { foldActor } from '../../../fold/fold.ts';
import type { Role, Scope } from '../../loop/role.ts';
import type { Clock } from '../../../seams/clock.ts';
import type { Entropy } from '../../../seams/entropy.ts';
import { keepSnapshotIfDue } from '../../loop/snapshots.ts';
import { StepBuilder } from '../../loop/step-builder.ts';
import type { Keyring } from '../../loop/step/keys.ts';
import type { ChartId } from '../../../machines/catalogue.ts';
import type { DomainEvent } from '../../../fold/decode.ts';
import type { ChartState } from '../../../machines/state.ts';
import { StepError } from '../../loop/step-error.ts';

/**
 * Actors of a journal as such, whatever role it is of: its keyring, and what is known of its record. They hear no messages
 * and ask for no facts; nobody but the one who steps them knows of them.
 */
export interface JournalActor<Context> {
  readonly chart: Chart<ChartId, Context>;
  readonly stream: string;
}

export interface JournalSeams {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whose journal it is. */
  readonly role: Role['name'];
}

/** What the journal says of the actor. */
export async function journalActorState<Context>(
  journal: StreamSource,
  { chart, stream }: JournalActor<Context>,
): Promise<ChartState<Context>> {
  const { state } = await foldActor(journal, chart, stream);
  if (!chart.owns(state)) throw new StepError(`${stream} is no actor of chart ${chart.id}.`);
  return state;
}

/** What a step is made of: the actor as it is, and the keys that move in the same commit. */
export interface JournalActorStep<Context> {
  readonly state: ChartState<Context>;
  readonly keys: Scope['keys'];
}

/**
 * One step of the actor: at most one event, and what `work` does to keys, in one commit. The commit checks that the actor
 * is what it was, also where nothing is appended.
 */
export async function stepJournalActor<Context>(
  seams: JournalSeams,
  { chart, stream }: JournalActor<Context>,
  keyring: Keyring,
  work: (step: JournalActorStep<Context>) => DomainEvent | null | Promise<DomainEvent | null>,
): Promise<CommitResult> {
  const draft = draftOf(seams, stream, keyring);
  const event = await work({ state: await draft.state(chart, stream), keys: draft.keys });
  if (event !== null) await draft.take({ stream, ...event });
  const { journal } = seams;
  const result = await journal.commit(draft.commit(null));
  if (result.kind === 'committed') {
    for (const [, after] of draft.actors()) await keepSnapshotIfDue(journal, after, result.events);
  }
  return result;
}

/** Those of journals that hold no keys for it. */
export const KEYLESS: Keyring = {
  wrap() {
    throw new StepError('This step wraps no key.');
  },
  unwrap: () => null,
};

/** A step of the journal's own actors, begun. */
export function draftOf(
  { journal, clock, entropy, role }: JournalSeams,
  stream: string,
  keyring: Keyring,
): StepBuilder {
  const host = {
    role: mute(role),
    journal,
    clock,
    entropy,
    keyring,
    actor: (name: string) => foldActor(journal, chartOf(name), name),
    fold: (chart: Chart, name: string) => foldActor(journal, chart, name),
  };
  return new StepBuilder(host, { stream, message: null, correlationId: entropy.id(), causationId: null });
}

/** The role of whoever steps actors beside the loop: it has their charts, and nobody to hear. */
function mute(name: Role['name']): Role {
  return {
    name,
    subscriptions: [],
    busy: 503,
    deciders: {},
    handlers: {},
  };
}
