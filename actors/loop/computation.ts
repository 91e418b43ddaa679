import { refusalOf } from '../../messages/refusal.ts';
import { chartOf } from '../../machines/streams.ts';
import type { ResponseCode } from '../../events/codes.ts';
import type { TimerRow } from '../../journal/port.ts';
import type { Role } from './role.ts';
import type { LogFields } from '../../seams/log.ts';
import { refusalFact, type Refusal } from './refusals.ts';
import type { Draft } from './step.ts';
import type { Work } from './work.ts';
import { deviceOf, type Incoming } from '../../messages/incoming.ts';

/**
 * What the computation of a step came to. Nothing of it has happened yet: while it was computed the state may have been
 * dropped, and then it is computed again.
 */
export type Outcome =
  /** `consumed`: a repetition of the message gets the stored answer. `open`: it may come again. */
  | { readonly kind: 'commit'; readonly message: 'consumed' | 'open' }
  /** `like`: what the like of it get, when it is summed: a notice and may come again, or its answer, which is stored. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly like: 'notice' | 'answer' }
  | { readonly kind: 'nothing'; readonly say: () => void };

const COMMIT_CONSUMED = { kind: 'commit', message: 'consumed' } as const;
const COMMIT_OPEN = { kind: 'commit', message: 'open' } as const;
const NOTHING = { kind: 'nothing', say: () => {} } as const;

interface ComputationHost {
  readonly role: Role;
  /** Whether this very arming of a timer is still in force. */
  isArmed(row: TimerRow): boolean | Promise<boolean>;
  warn(message: string, fields: LogFields): void;
}

/** What a message, a timer or a command leads to, by the chart and the role: the facts of it are taken into the draft. */
export function compute(work: Work, draft: Draft, host: ComputationHost): Promise<Outcome> {
  switch (work.kind) {
    case 'message':
      return ofMessage(work.message, work.stream, draft, host);
    case 'timer':
      return ofTimer(work.row, draft, host);
    case 'command':
      return ofCommand(work, draft);
  }
}

async function ofMessage(message: Incoming, stream: string, draft: Draft, host: ComputationHost): Promise<Outcome> {
  const { role } = host;
  const decision = await role.decide(message, stream, draft);
  switch (decision.kind) {
    case 'ignore': {
      const fields = { type: message.content.type, reason: decision.reason };
      return { kind: 'nothing', say: () => host.warn('message ignored', fields) };
    }
    case 'refuse':
      return refuse(message, stream, decision.code, draft);
    case 'notYet':
      for (const fact of decision.meanwhile) if (await draft.can(fact)) await draft.take(fact);
      return draft.isEmpty ? NOTHING : COMMIT_OPEN;
    case 'take': {
      const { event, after = [], found = [] } = decision;
      if (!(await draft.can(event))) {
        const chart = chartOf(stream);
        return refuse(message, stream, chart.refusal(await draft.state(chart, stream)), draft);
      }
      draft.found({ events: [], found });
      await draft.take(event);
      for (const fact of after) if (await draft.can(fact)) await draft.take(fact);
      return refusedInStep(message, stream, draft) ?? COMMIT_CONSUMED;
    }
  }
}

async function refuse(message: Incoming, stream: string, code: ResponseCode, draft: Draft): Promise<Outcome> {
  const from = deviceOf(message) ?? message.gatewayId;
  const refusal: Refusal = { stream, message: message.content.type, from, code };
  draft.forgetKeys();
  await draft.take(refusalFact(refusal, 1));
  const outcome = refusalOf(message, code);
  if (outcome !== null) draft.answer(outcome);
  return { kind: 'refuse', refusal, like: 'notice' };
}

function refusedInStep(message: Incoming, stream: string, draft: Draft): Outcome | null {
  const { refused } = draft;
  if (refused === null || !draft.isMereAnswer) return null;
  return { kind: 'refuse', refusal: { stream, message: message.content.type, ...refused }, like: 'answer' };
}

async function ofTimer(row: TimerRow, draft: Draft, host: ComputationHost): Promise<Outcome> {
  if (!(await host.isArmed(row))) return NOTHING;
  draft.disarm(row.stream, row.name);
  const fact = { stream: row.stream, type: row.event.type, data: row.event.data };
  if (await draft.can(fact)) await draft.take(fact);
  return COMMIT_OPEN;
}

async function ofCommand(work: Extract<Work, { readonly kind: 'command' }>, draft: Draft): Promise<Outcome> {
  for (const fact of draft.found(await work.command(draft))) {
    if (!(await draft.can(fact))) return { kind: 'nothing', say: () => work.done('refused') };
    await draft.take(fact);
  }
  return draft.isEmpty ? { kind: 'nothing', say: () => work.done('taken') } : COMMIT_OPEN;
}
