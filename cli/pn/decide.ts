import { decisionToBytes, type OperatorQuestion, type OperatorVerb } from '../../messages/operators.ts';
import { askSealed, type Asked } from '../../actors/services/ask.ts';
import { operate } from '../../messages/subjects.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { OperatorOptions } from '../config/types.ts';
import { EXIT, FailedError, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { connectTo } from '../query/ask.ts';
import { logOf, OF_A_TASK, tellPlainFiles } from '../role-process.ts';
import { untilStopped, type Running } from '../run.ts';
import { unknownPn } from './waiting.ts';

/** A step and its commit take milliseconds; a server that took over a moment ago, a few seconds. */
const DECIDED_WITHIN_MS = 10_000;

/** As the outcome is told. */
export const DECIDED: Readonly<Record<OperatorVerb, string>> = { approve: 'approved', reject: 'rejected' };

/** Tells the running server what an operator decided. @throws UsageError, FailedError, WireError */
export async function decide(
  host: Host,
  running: Running,
  options: OperatorOptions,
  question: OperatorQuestion,
  form: 'text' | 'json',
): Promise<number> {
  const log = logOf(host, 'operator', OF_A_TASK);
  tellPlainFiles(log, options.secrets.plain);
  const wire = await connectTo(host, running, 'pn', options);
  const topic = { subject: operate(options.operatorId), secret: options.secret };
  const seams = { wire, log, clock: host.clock, entropy: host.entropy };
  const interrupted = untilStopped(running.stopped).then((): Asked => ({ kind: 'unknown', reason: 'connection lost' }));
  const asked = await Promise.race([
    askSealed(seams, topic, decisionToBytes(question), DECIDED_WITHIN_MS),
    interrupted,
  ]);
  assertDecided(asked, question);
  const { pnId, deviceId, verb } = question;
  const outcome = DECIDED[verb];
  await host.out(
    form === 'json' ? `${JSON.stringify({ pnId, deviceId, outcome })}\n` : `${deviceId} is ${outcome} in ${pnId}\n`,
  );
  return EXIT.ok;
}

const RUN_AGAIN = 'Run the command again: it does no harm to say it twice.';

/** @throws UsageError for what was asked wrongly, FailedError for the rest */
export function assertDecided(asked: Asked, question: OperatorQuestion): void {
  if (asked.kind === 'nobody')
    throw new FailedError('No server hears this operator', 'Start the server; it reads who its operators are then.');
  if (asked.kind === 'answered') {
    if (asked.code !== 200) throw refused(asked.code, question);
  } else if (asked.reason === 'answer not sealed')
    throw new FailedError(
      'The server could not open it',
      'Take the secret that the server knows: cpns provision writes it beside the configuration of the operator.',
    );
  else throw new FailedError(`Nobody knows whether the server took it: ${asked.reason}`, RUN_AGAIN);
}

function refused(code: ResponseCode, { pnId, deviceId }: OperatorQuestion): UsageError | FailedError {
  switch (code) {
    case 404:
      return unknownPn(pnId);
    case 409:
      return new UsageError(
        `${deviceId} does not wait to be let into ${pnId}`,
        `cpns pn pending --pn ${pnId} lists those that do, cpns inventory those that are in it.`,
      );
    case 480:
      return new FailedError(`The PN GW of ${pnId} has not established it yet`, 'Start the PN GW, and run it again.');
    case 408:
      return new FailedError(
        `Nobody knows whether the server took it: ${code} ${reasonPhrase(code)}`,
        `${RUN_AGAIN} If it goes on, set the clock of this machine: the server takes what is less than a minute from its own.`,
      );
    case 500:
      return new FailedError(
        `Nobody knows whether the server took it: ${code} ${reasonPhrase(code)}`,
        `${RUN_AGAIN} The log of the server says more.`,
      );
    case 429:
    case 503:
      return new FailedError(`The server did not take it: ${code} ${reasonPhrase(code)}`, RUN_AGAIN);
    default:
      return new FailedError(`It was refused: ${code} ${reasonPhrase(code)}`, 'The log of the server says more.');
  }
}
