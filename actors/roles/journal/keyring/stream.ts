import type { CommitResult, StreamSource } from '../../../../journal/port.ts';
import { type KeyringEvent } from '../../../../events/vocabulary/journal/keyring.ts';
import { keyring as chart } from '../../../../machines/journal/keyring.ts';
import type { KeyringContext } from '../../../../machines/journal/keyring-terms.ts';
import { journalActorState, stepJournalActor, type JournalSeams } from '../journal-actor.ts';
import type { Scope } from '../../../loop/role.ts';
import type { Keyring } from '../../../loop/step/keys.ts';
import { KEYRING_STREAM } from '../../../../machines/streams.ts';
import type { ChartState } from '../../../../machines/state.ts';

const KEYRING = { chart, stream: KEYRING_STREAM };

/** What the journal says about its keyring. */
export function keyringState(journal: StreamSource): Promise<ChartState<KeyringContext>> {
  return journalActorState(journal, KEYRING);
}

/** One step of the keyring: `work` moves keys in the commit that has the event, if there is one. */
export function keyringStep(
  seams: JournalSeams,
  keyring: Keyring,
  work: (keys: Scope['keys'], state: ChartState<KeyringContext>) => KeyringEvent | null | Promise<KeyringEvent | null>,
): Promise<CommitResult> {
  return stepJournalActor(seams, KEYRING, keyring, ({ keys, state }) => work(keys, state));
}
