import type { ResponseCode } from '../../../events/codes.ts';
import type { InventoryChange } from '../../../events/fields.ts';
import type { PnGatewayEvent } from '../../../events/vocabulary/pn-gateway/gateway.ts';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { changesAfter, localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import type { DecidersOf, Scope, StreamEvent } from '../../loop/role.ts';
import { StepValue, type Found } from '../../loop/step-value.ts';

/** How the local PN Inventory follows the server's: each message that changes it says what it comes after. */

export const aboutGateway = (stream: string, event: PnGatewayEvent): StreamEvent => ({ stream, ...event });

/** Changes of a message of this step that follow the local inventory. */
export const followingChanges = new StepValue<readonly InventoryChange[]>('inventory changes');

/**
 * What follows the local inventory is taken; a gap is asked for, and the message that showed it is taken when it comes again.
 * @param own stream of the PN GW
 */
export async function follow(
  scope: Scope,
  own: string,
  pnId: string,
  changes: readonly InventoryChange[],
  revision: number,
): Promise<{
  readonly found: readonly Found[];
  readonly update: readonly StreamEvent[];
  readonly gap: readonly StreamEvent[] | null;
  readonly reached: number;
}> {
  const { context, value } = await scope.state(pnGateway, own);
  const pn = localPn(context, pnId);
  if (pn === null) return { found: [], update: [], gap: null, reached: 0 };
  // While the PN GW registers anew its inventories stand still: the answer is taken when it comes again.
  if (value !== 'registered') return { found: [], update: [], gap: [], reached: pn.revision };
  const next = changesAfter(pn.revision, changes);
  const reached = next.at(-1)?.revision ?? pn.revision;
  const update =
    next.length === 0
      ? []
      : [aboutGateway(own, { type: 'LocalInventoryUpdated', data: { inventory: { pnId, changes: [...next] } } })];
  const found = [followingChanges.is(next)];
  if (reached >= revision) return { found, update, gap: null, reached };
  const gap = pn.requestId === null ? [establishmentWanted(scope, own, pnId, reached)] : [];
  return { found, update, gap: [...update, ...gap], reached };
}

/** Asks for the PN, and for what its inventory lacks after a revision. */
export function establishmentWanted(scope: Scope, own: string, pnId: string, revision: number): StreamEvent {
  return aboutGateway(own, { type: 'PnEstablishmentRequested', data: { requestId: scope.id(), pnId, revision } });
}

/** 480: the server set the PN up anew and waits to be asked. */
export async function establishAgain(
  scope: Scope,
  own: string,
  pnId: string,
  code: ResponseCode,
): Promise<readonly StreamEvent[]> {
  const pn = localPn((await scope.state(pnGateway, own)).context, pnId);
  return code !== 480 || pn === null || pn.requestId !== null
    ? []
    : [establishmentWanted(scope, own, pnId, pn.revision)];
}

export const inventoryDeciders: Pick<DecidersOf<'pn-gateway/gateway'>, 'inventory-notice'> = {
  async 'inventory-notice'(message, own, scope) {
    const { pnId, changes } = message.content.body;
    const { update, gap } = await follow(scope, own, pnId, changes, changes.at(-1)?.revision ?? 0);
    return { kind: 'notYet', meanwhile: gap ?? update };
  },
};
