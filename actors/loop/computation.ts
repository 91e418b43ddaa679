import { StepError } from './step-error.ts';
import { refusalOf } from '../../messages/refusal.ts';
import { chartOf } from '../../machines/streams.ts';
import type { ResponseCode } from '../../events/codes.ts';
import type { TimerRow } from '../../journal/port.ts';
import type { Role } from './role.ts';
import type { LogFields } from '../../seams/log.ts';
import { refusalEvent, type Refusal } from './refusals.ts';
import type { StepBuilder } from './step-builder.ts';
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

/** What a message, a timer or a command leads to, by the chart and the role: the facts of it are taken into the step. */
export function compute(work: Work, step: StepBuilder, host: ComputationHost): Promise<Outcome> {
  switch (work.kind) {
    case 'message':
      return ofMessage(work.message, work.stream, step, host);
    case 'timer':
      return ofTimer(work.row, step, host);
    case 'command':
      return ofCommand(work, step);
  }
}

async function ofMessage(
  message: Incoming,
  stream: string,
  step: StepBuilder,
  host: ComputationHost,
): Promise<Outcome> {
  const { type } = message.content;
  const decide = host.role.deciders[type];
  if (decide === undefined) throw new StepError(`Role ${host.role.name} decides nothing about '${type}'.`);
  const decision = await decide(message, stream, step);
  switch (decision.kind) {
    case 'ignore': {
      const fields = { type, reason: decision.reason };
      return { kind: 'nothing', say: () => host.warn('message ignored', fields) };
    }
    case 'refuse':
      return refuse(message, stream, decision.code, step);
    case 'notYet':
      for (const event of decision.meanwhile) if (await step.can(event)) await step.take(event);
      return step.isEmpty ? NOTHING : COMMIT_OPEN;
    case 'take': {
      const { event, after = [], found = [] } = decision;
      if (!(await step.can(event))) {
        const chart = chartOf(stream);
        return refuse(message, stream, chart.refusal(await step.state(chart, stream)), step);
      }
      step.found({ events: [], found });
      await step.take(event);
      for (const event of after) if (await step.can(event)) await step.take(event);
      return refusedInStep(message, stream, step) ?? COMMIT_CONSUMED;
    }
  }
}

async function refuse(message: Incoming, stream: string, code: ResponseCode, step: StepBuilder): Promise<Outcome> {
  const from = deviceOf(message) ?? message.gatewayId;
  const refusal: Refusal = { stream, message: message.content.type, from, code };
  step.forgetKeys();
  await step.take(refusalEvent(refusal, 1));
  const outcome = refusalOf(message, code);
  if (outcome !== null) step.answer(outcome);
  return { kind: 'refuse', refusal, like: 'notice' };
}

function refusedInStep(message: Incoming, stream: string, step: StepBuilder): Outcome | null {
  const { refused } = step;
  if (refused === null || !step.isMereAnswer) return null;
  return { kind: 'refuse', refusal: { stream, message: message.content.type, ...refused }, like: 'answer' };
}

async function ofTimer(row: TimerRow, step: StepBuilder, host: ComputationHost): Promise<Outcome> {
  if (!(await host.isArmed(row))) return NOTHING;
  step.disarm(row.stream, row.name);
  const event = { stream: row.stream, type: row.event.type, data: row.event.data };
  if (await step.can(event)) await step.take(event);
  return COMMIT_OPEN;
}

async function ofCommand(work: Extract<Work, { readonly kind: 'command' }>, step: StepBuilder): Promise<Outcome> {
  for (const event of step.found(await work.command(step))) {
    if (!(await step.can(event))) return { kind: 'nothing', say: () => work.done('refused') };
    await step.take(event);
  }
  return step.isEmpty ? { kind: 'nothing', say: () => work.done('taken') } : COMMIT_OPEN;
}
