import type { JournalSeams } from '../../actors/roles/journal/journal-actor.ts';
import { destroyedKeys } from '../../actors/roles/journal/keyring/destroyed.ts';
import { keyringState } from '../../actors/roles/journal/keyring/stream.ts';
import { readKek } from '../config/kek.ts';
import type { KeysOptions } from '../config/keys.ts';
import { journalName } from '../journal/open.ts';
import { UsageError } from '../errors.ts';
import { changeKeys, placesOf, type GivenKeys } from './change.ts';
import { namedJournal } from './journal.ts';
import { openKeyringOf } from './open.ts';
import { keyIn, removeKeptKeys, settleKeyFiles } from './files.ts';
import { KEYRING_KEY } from '../host.ts';

/**
 * How what was destroyed became unreadable for good. `overwritten`: the journal took its bytes out of its own files.
 * `rotated`: the files are a database server's, which keeps dead rows and its own log, so the key that they are under was
 * destroyed and all others were encrypted anew; `keyFile` has the new key. A key that came in the variable is the
 * operator's to destroy.
 */
export type ForGood =
  | { readonly kind: 'overwritten' }
  | {
      readonly kind: 'rotated';
      readonly kekId: string;
      readonly keyFile: string;
      readonly formerKey: 'removed' | 'in the variable';
    };

/**
 * Where destroying for good needs the key-encryption key, says so before anything is destroyed.
 * @throws UsageError where no key is named, or it is not that of the journal
 */
export async function mayDestroyForGood(
  seams: JournalSeams,
  options: KeysOptions,
  given: GivenKeys,
  cwd: string,
): Promise<void> {
  const { kekId } = (await keyringState(seams.journal)).context;
  if (kekId === null)
    throw new UsageError(
      `The journal ${journalName(namedJournal(options.journal))} does not say yet which key it is under`,
      'Start its role once.',
    );
  if (seams.journal.dropped === 'overwritten') return;
  const journal = namedJournal(options.journal);
  const { old } = placesOf(options, given, cwd);
  const keks = readKek(old, given).keys;
  if (keks.length === 0)
    throw new UsageError(
      `The key file ${old} is missing, and to destroy a key of this journal for good is to change the key that it is under`,
      'Bring it back from a copy, or name it with --key-file. Nothing was changed.',
    );
  await openKeyringOf(seams, journalName(journal), { file: old, keys: keks });
}

/**
 * Makes every key that was dropped unreadable for good. Call it once the commits that dropped them are done, whichever
 * commits these were; `KeyDestroyed` in the keyring's stream is what says that there are any. May die at any moment
 * and be called again: it goes on where it was, and does nothing where nothing is left to do.
 * @param options of the role whose journal it is; the role is stopped
 * @throws UsageError as `changeKeys`; JournalError, also `locked` where a reader keeps the bytes a while longer
 */
export async function forgetForGood(
  seams: JournalSeams,
  options: KeysOptions,
  given: GivenKeys,
  cwd: string,
): Promise<ForGood> {
  if (seams.journal.dropped === 'overwritten') {
    await seams.journal.forgetDropped();
    return { kind: 'overwritten' };
  }
  const places = placesOf(options, given, cwd);
  const { old, target } = places;
  let keyFile = old ?? target;
  // Twice where a rotation before this one had not put its key in place, and keys were destroyed since.
  for (let due = 2; (await isOwed(seams)) || keyIn(target) !== null; due--) {
    if (due === 0)
      throw new UsageError(
        `${target} holds the key in force already, and what was destroyed is still under it`,
        'Name another file with --new-key-file.',
      );
    await changeKeys(seams, places, given);
    // Former keys that were kept for older copies of the journal: dead rows from before may be under them.
    if (old !== null) removeKeptKeys(old);
    ({ keyFile } = settleKeyFiles(places, 'remove'));
    if (target === keyFile && !(await isOwed(seams))) break;
  }
  const { kekId } = (await keyringState(seams.journal)).context;
  return { kind: 'rotated', kekId: kekId ?? '', keyFile, formerKey: old === null ? 'in the variable' : 'removed' };
}

async function isOwed({ journal }: JournalSeams): Promise<boolean> {
  return (await destroyedKeys(journal)).sinceRotation.size > 0;
}

/** The same for people, to stand behind what was destroyed. Empty where there is nothing for them to know. */
export function forGoodText(forGood: ForGood | null): string {
  if (forGood === null || forGood.kind === 'overwritten') return '';
  const former = forGood.formerKey === 'removed' ? 'is removed' : `is what ${KEYRING_KEY} held: destroy it there`;
  return `. All other keys are under ${forGood.kekId} now, which is in ${forGood.keyFile}; the former key ${former}.`;
}
