import { openKeyring } from '../../actors/roles/journal/keyring/open.ts';
import { startServer } from '../../actors/start.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { MemoryNetwork } from '../../wire/memory.ts';
import type { PersonalFields } from '../../events/fields.ts';
import type { Journal } from '../../journal/port.ts';

/** A server that its operator tells what is personal about two devices. */

export const BULB: PersonalFields = { user: 'Ottilie Morgenrot', name: 'Bulb of Ottilie', mac: '00:17:88:f1:fc:54' };
export const LOCK: PersonalFields = { user: null, name: 'Front door of Ottilie', mac: 'b0:44:9c:29:d3:62' };
export const KEK = new Uint8Array(32).fill(1);

const PERSONAL = new Map([
  ['bulb', BULB],
  ['lock', LOCK],
]);
const nobody = (): { readonly kind: 'none' } => ({ kind: 'none' });

/** Starts on the journal, takes what is listed, and ends. */
export async function tellServer(journal: Journal): Promise<void> {
  const [clock, log] = [new SimulatedClock(), new RecordedLog()];
  const opening = await openKeyring({ journal, clock, entropy: systemEntropy, role: 'cpns-server' }, [KEK], () => KEK);
  if (opening.kind !== 'opened') throw new Error(opening.kind);
  const { keyring } = opening;
  const wire = new MemoryNetwork({ clock, log }).connect('server');
  const { runtime } = await startServer(
    { idKey: KEK, gatewayCredential: nobody, pneCredential: nobody, personal: PERSONAL },
    [{ id: 'home', gatewayId: 'hub', joinPolicy: 'open', members: ['bulb', 'lock'] }],
    [],
    { journal, wire, clock, entropy: systemEntropy, log, keyring, observers: 'none' },
  );
  await runtime.stop();
  await journal.close();
}
