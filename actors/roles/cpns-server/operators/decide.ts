import type { ResponseCode } from '../../../../events/codes.ts';
import type { PersonalNetworkEvent } from '../../../../events/vocabulary/cpns-server/personal-network.ts';
import { personalNetwork } from '../../../../machines/cpns-server/personal-network.ts';
import { memberOf, type PersonalNetworkContext } from '../../../../machines/cpns-server/personal-network-terms.ts';
import type { Scope } from '../../../loop/role.ts';
import { change } from '../inventory.ts';
import type { Runtime } from '../../../loop/runtime.ts';
import type { OperatorQuestion } from '../../../../messages/operators.ts';
import { streamOf } from '../../../../machines/streams.ts';

/**
 * Gives the PN what an operator decided. 200: it is so, from now on or already; 408: the same was decided a moment ago, and
 * is not durable yet; 409: the device does not wait; others are what the PN refuses everybody with: 404, 410, 480.
 * @param by id of the operator
 * @param messageId of the question: the event names it as its cause
 * @throws JournalError when it could not be committed
 */
export async function decide(
  runtime: Pick<Runtime, 'tell'>,
  by: string,
  question: OperatorQuestion,
  messageId: string,
): Promise<ResponseCode> {
  const stream = streamOf('cpns-server/personal-network', { pnId: question.pnId });
  let code: ResponseCode = 500;
  await runtime.tell(
    stream,
    async (scope) => {
      const state = await scope.state(personalNetwork, stream);
      if (state.value === 'established' && isSo(state.context, question)) {
        // No commit of this step stands before the answer, and the one that made it so may fail.
        const { context } = await scope.peek(personalNetwork, stream);
        code = isSo(context, question) ? 200 : 408;
        return [];
      }
      code = 200;
      const event = await eventOf(scope, by, question);
      if (personalNetwork.can(state, event)) return [{ stream, ...event }];
      code = personalNetwork.refusal(state);
      return [];
    },
    messageId,
  );
  return code;
}

function isSo(context: PersonalNetworkContext, { verb, deviceId }: OperatorQuestion): boolean {
  if (verb === 'reject') return context.rejected.includes(deviceId);
  const status = memberOf(context, deviceId)?.status;
  return status === 'member' || status === 'registered';
}

async function eventOf(
  scope: Scope,
  by: string,
  { verb, pnId, deviceId }: OperatorQuestion,
): Promise<PersonalNetworkEvent> {
  if (verb === 'reject') return { type: 'PneRejected', data: { deviceId, by } };
  const { inventory } = await change(scope, pnId, { deviceId, kind: 'added', status: 'member', cpnsId: null });
  return { type: 'PneApproved', data: { inventory, by } };
}
