import type { Runtime } from '../../actors/loop/runtime.ts';
import type { Log } from '../../seams/log.ts';
import { WireError, type Wire } from '../../wire/port.ts';
import { WaitingReply, WaitingRequest, type WaitingAnswer } from '../../messages/queries.ts';
import { personalNetwork } from '../../machines/cpns-server/personal-network.ts';
import type { ProvisionedPn } from '../config/types.ts';
import { UsageError } from '../errors.ts';
import { answerQuery, refusal } from '../query/answer.ts';
import { askQuery } from '../query/ask.ts';
import { streamOf } from '../../machines/streams.ts';
import { WAITING_QUERY } from '../../messages/subjects.ts';

type Pn = WaitingAnswer['pns'][number];

/** Answers who waits to be let into a PN, as of everything committed when the question came. */
export function answerWaiting(
  wire: Wire,
  runtime: Pick<Runtime, 'state'>,
  pns: readonly Pick<ProvisionedPn, 'id' | 'joinPolicy'>[],
  log: Log,
): void {
  answerQuery(wire, WAITING_QUERY, log, async (question): Promise<WaitingReply> => {
    const request = WaitingRequest.safeParse(question).data;
    if (request === undefined) return refusal(400);
    const { pnId } = request;
    const asked = pns.filter(({ id, joinPolicy }) => (pnId === null ? joinPolicy === 'approval' : id === pnId));
    if (pnId !== null && asked.length === 0) return refusal(404);
    const found: Pn[] = [];
    for (const { id } of asked) {
      const { context } = await runtime.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: id }));
      found.push({ pnId: id, waiting: [...context.waiting], rejected: [...context.rejected] });
    }
    return { pns: found };
  });
}

/**
 * Asks the running server who waits.
 * @throws WireError when nobody answers, UsageError when the PN is not there
 */
export async function askWaiting(wire: Wire, pnId: string | null): Promise<readonly Pn[]> {
  const reply = await askQuery(wire, WAITING_QUERY, { pnId }, WaitingReply);
  if ('pns' in reply) return reply.pns;
  if (reply.code === 404) throw unknownPn(pnId ?? '');
  const remedy =
    reply.code === 429 ? 'Ask for one PN with --pn, or again in a moment.' : 'The log of the server says more.';
  throw new WireError('refused', `The list was refused: ${reply.code} ${reply.reason}`, remedy);
}

export const unknownPn = (pnId: string): UsageError =>
  new UsageError(`There is no PN '${pnId}'`, 'cpns inventory lists the PNs there are.');

/** A line for each PN and for each device in it. */
export function waitingText(pns: readonly Pn[]): string {
  if (pns.length === 0) return 'no PN has the join policy approval\n';
  const lines = pns.flatMap(({ pnId, waiting, rejected }) => [
    `PN ${pnId}, ${waiting.length} waiting, ${rejected.length} rejected`,
    ...waiting.map((deviceId) => `  ${deviceId}  waiting`),
    ...rejected.map((deviceId) => `  ${deviceId}  rejected`),
  ]);
  return `${lines.join('\n')}\n`;
}
