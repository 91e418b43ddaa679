import type { CommitResult, Journal, JournalReader } from '../../events/journal/port.ts';
import type { KeyringEvent } from '../../events/vocabulary/keyring.ts';
import type { ChartState } from '../../machines/chart.ts';
import { keyring as chart } from '../../machines/journal/keyring.ts';
import type { KeyringContext } from '../../machines/journal/keyring-terms.ts';
import { foldActor } from '../fold.ts';
import type { Role, Scope } from '../role.ts';
import type { Clock } from '../seams/clock.ts';
import type { Entropy } from '../seams/entropy.ts';
import { Draft, StepError, type Keyring } from '../step.ts';

/** The stream of a journal's keyring, whatever role the journal is of. */
export const KEYRING_STREAM = 'keyring';

export interface KeyringSeams {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whose journal it is. */
  readonly role: Role['name'];
}

/** What the journal says about its keyring. */
export async function keyringState(journal: JournalReader): Promise<ChartState<KeyringContext>> {
  const { state } = await foldActor(journal, chart, KEYRING_STREAM);
  if (!chart.owns(state)) throw new StepError(`${KEYRING_STREAM} is no actor of chart ${chart.id}.`);
  return state;
}

/** One step of the keyring: `work` moves keys in the commit that has the event, if there is one. */
export async function keyringStep(
  { journal, clock, entropy, role }: KeyringSeams,
  keyring: Keyring,
  work: (keys: Scope['keys']) => KeyringEvent | null | Promise<KeyringEvent | null>,
): Promise<CommitResult> {
  const actor = (stream: string) => foldActor(journal, chart, stream);
  const host = { role: keyringRole(role), journal, clock, entropy, keyring, actor };
  const cause = { stream: KEYRING_STREAM, message: null, correlationId: entropy.id(), causationId: null };
  const draft = new Draft(host, cause);
  // Read even where nothing is appended: the commit then checks that the keyring is what it was.
  await draft.state(chart, KEYRING_STREAM);
  const event = await work(draft.keys);
  if (event !== null) await draft.take({ stream: KEYRING_STREAM, ...event });
  return journal.commit(draft.commit(null));
}

/** The keyring hears no messages and asks for no facts. */
function keyringRole(name: Role['name']): Role {
  return {
    name,
    subscriptions: [],
    busy: 503,
    chartOf: () => chart,
    unitOf: (stream) => stream,
    route: () => ({ kind: 'drop', reason: 'the keyring hears no messages' }),
    interpret: () => ({ kind: 'ignore', reason: 'the keyring hears no messages' }),
    facts: {},
    letters: {},
    refusal: () => null,
    notice: () => null,
  };
}
