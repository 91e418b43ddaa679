import { claimEpoch, type Chain, type Direction, type Epoch } from '../../../security/epochs.ts';
import { sessionToBytes, type Session } from '../../../security/session.ts';
import type { Scope } from '../../loop/role.ts';
import type { Runtime } from '../../loop/runtime.ts';
import { keptSession, sessionKey, stepSession } from '../sealed-text.ts';
import type { End, Standing } from './ends.ts';

/**
 * What a channel asks of the actor of its session. An epoch is used only after the commit of the event that claims it, and the
 * chart takes each at most once: whoever comes later, this process after a crash or another one, finds it gone.
 */

export type Teller = Pick<Runtime, 'tell'>;

export interface OpenedSession {
  readonly standing: Standing;
  /** What the other end's next epoch comes out of. */
  readonly receiving: Chain;
}

/**
 * @param keyId of the session; null for the one to send in
 * @returns null when there is none that carries data
 * @throws JournalError, or Error when the mailbox of the actor is full
 */
export async function openSession(
  runtime: Teller,
  end: End,
  stream: string,
  keyId: string | null,
): Promise<OpenedSession | null> {
  let opened: OpenedSession | null = null;
  await runtime.tell(stream, async (scope) => {
    const found = await find(scope, end, stream, keyId);
    const receives = end.sends === 'up' ? 'down' : 'up';
    opened = found === null ? null : { standing: found.standing, receiving: found.session.chains[receives] };
    return [];
  });
  return opened;
}

/**
 * Claims an epoch of one direction: of the sending one the first that is free from `epoch` on, of the other this very one.
 * @returns null when it is not free, or the session carries no data any more
 * @throws JournalError: the claim may be durable all the same, so the epoch is lost
 */
export async function claim(
  runtime: Teller,
  end: End,
  of: { readonly stream: string; readonly keyId: string },
  wanted: { readonly direction: Direction; readonly epoch: number },
): Promise<Epoch | null> {
  const { stream, keyId } = of;
  const { direction } = wanted;
  let claimed: Epoch | null = null;
  const result = await runtime.tell(stream, async (scope) => {
    claimed = null;
    const found = await find(scope, end, stream, keyId);
    if (found === null) return [];
    const { session } = found;
    const chain = session.chains[direction];
    const epoch = direction === end.sends ? Math.max(wanted.epoch, chain.epoch) : wanted.epoch;
    const next = claimEpoch(chain, epoch);
    if (next === null) return [];
    claimed = next.claimed;
    const chains = { ...session.chains, [direction]: next.rest };
    scope.keys.put(sessionKey(keyId), sessionToBytes({ ...session, chains }));
    return [{ stream, type: 'SecureSessionRekeyed', data: { keyId, direction, epoch } }];
  });
  return result === 'taken' ? claimed : null;
}

/** Has the session closed. @returns whether there is one to wait for */
export async function wantClose(
  runtime: Teller,
  end: End,
  of: { readonly pnId: string; readonly deviceId: string },
): Promise<'closing' | 'noSession'> {
  const stream = end.streamOf(of);
  let outcome: 'closing' | 'noSession' = 'noSession';
  await runtime.tell(stream, async (scope) => {
    outcome = (await end.isClosing(scope, stream)) ? 'closing' : 'noSession';
    const found = await find(scope, end, stream, null);
    if (found === null || found.standing.pnId !== of.pnId) return [];
    outcome = 'closing';
    return {
      events: [{ stream, type: 'SessionCloseWanted', data: { keyId: found.standing.keyId } }],
      found: [stepSession.is(found.session)],
    };
  });
  return outcome;
}

/** The chart says which epochs are free: a step under way may have moved them since the keys were last written. */
async function find(
  scope: Scope,
  end: End,
  stream: string,
  keyId: string | null,
): Promise<{ readonly standing: Standing; readonly session: Session } | null> {
  const standing = await end.standing(scope, stream);
  if (standing === null || (keyId !== null && standing.keyId !== keyId)) return null;
  const session = await keptSession(standing.keyId, scope);
  if (session === null) return null;
  const { up, down } = session.chains;
  const chains = { up: advanced(up, standing.epochs.up), down: advanced(down, standing.epochs.down) };
  return { standing, session: { ...session, chains } };
}

function advanced(chain: Chain, epoch: number): Chain {
  return chain.epoch >= epoch ? chain : (claimEpoch(chain, epoch - 1)?.rest ?? chain);
}
