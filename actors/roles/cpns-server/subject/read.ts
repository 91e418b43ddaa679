import type { StreamSource } from '../../../../journal/port.ts';
import { subject } from '../../../../machines/cpns-server/subject.ts';
import { foldActor } from '../../../../fold/fold.ts';
import type { Keyring } from '../../../loop/step/keys.ts';
import type { PersonalState } from '../../../../messages/queries.ts';
import { openFields } from './personal.ts';
import { streamOf } from '../../../../machines/streams.ts';
import { StepError } from '../../../loop/step-error.ts';

export interface PersonalReader {
  readonly journal: StreamSource & { wrappedKey(id: string): Promise<Uint8Array | null> };
  readonly keyring: Pick<Keyring, 'unwrap'> | null;
}

/**
 * What can be read of the personal fields of a device; `sealed` also where the key-encryption key is not given or another
 * one, or the key of the subject was taken away by hand.
 *
 * Opened on every read, and kept nowhere: once the key is destroyed there is nothing left that could still tell.
 * @throws UnreadableEvent
 */
export async function personalOf({ journal, keyring }: PersonalReader, deviceId: string): Promise<PersonalState> {
  const stream = streamOf('cpns-server/subject', { deviceId });
  const { state } = await foldActor(journal, subject, stream);
  if (!subject.owns(state)) throw new StepError(`${stream} is no actor of chart ${subject.id}.`);
  const { keyId, by, sealed, erasures } = state.context;
  if (sealed === null || by === null) return { state: erasures > 0 ? 'erased' : 'none' };
  const wrapped = await journal.wrappedKey(keyId);
  const key = wrapped === null || keyring === null ? null : keyring.unwrap(keyId, wrapped);
  const fields = key === null ? null : openFields(key, stream, keyId, sealed);
  return fields === null ? { state: 'sealed' } : { state: 'known', by, fields };
}
