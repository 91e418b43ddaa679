import { writeFileSync } from 'node:fs';
import { openKeyring } from '../../../actors/roles/journal/keyring/open.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { systemEntropy } from '../../../seams/entropy.ts';
import { openJournal } from '../../../cli/journal/open.ts';
import { hold } from '../../actors/roles/journal/keyring/controls.ts';

/** A journal with keys, and its key file, as a role leaves them. */

export interface Place {
  readonly journal: string;
  readonly keyFile: string;
}

export const keyText = (key: Uint8Array): string => `${Buffer.from(key).toString('base64url')}\n`;

export async function makeJournal(place: Place, kek: Uint8Array, ids: readonly string[]): Promise<void> {
  writeFileSync(place.keyFile, keyText(kek), { mode: 0o600 });
  const journal = await openJournal(place.journal);
  const seams = { journal, clock: new SimulatedClock(), entropy: systemEntropy, role: 'pn-gateway' as const };
  const opening = await openKeyring(seams, [kek], () => kek);
  if (opening.kind !== 'opened') throw new Error(opening.kind);
  await hold(journal, opening.keyring, ids);
  await journal.close();
}
