import { RESPONSE_CODES } from '../../events/codes.ts';
import { FLOWS, type Flow } from '../../events/fields.ts';
import { ROLES } from '../../events/parties.ts';
import type { StepsOfFlows } from '../../events/vocabulary/define.ts';
import { MESSAGES, rowOf, type Message } from '../../messages/catalogue.ts';
import { LEGS, type Leg } from '../../messages/legs.ts';
import { answerTo } from '../../messages/refusal.ts';
import { EXAMPLES } from '../../script/asyncapi/worked-example.ts';
import { SEALED_TEXTS } from '../../messages/sealed-texts.ts';

/** Tables and messages of docs/wire.md, from the catalogue of messages. */

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n') + '\n';

const bodyOf = ({ body }: Message): string => {
  const fields = Object.keys(body.shape);
  return fields.length === 0 ? '`{}`' : `\`{ ${fields.join(', ')} }\``;
};

/** The subjects that a device publishes and subscribes to. */
export function deviceSubjectsRegion(): string {
  const [up, down] = (['link.up', 'link.down'] as const).map((leg) =>
    LEGS[leg].pattern.replaceAll('{', '<').replaceAll('}', '>'),
  );
  const width = Math.max(up?.length ?? 0, down?.length ?? 0) + 2;
  const all = down?.replace('<type>', '*');
  return ['```', `${up?.padEnd(width)}you publish`, `${down?.padEnd(width)}you subscribe: ${all}`, '```', ''].join(
    '\n',
  );
}

/** What a device does in a step of the flows. */
interface DeviceStep {
  readonly steps: StepsOfFlows;
  readonly sends: string;
  readonly gets: string;
}

const publishing = (row: Message | null): string =>
  row === null ? '' : `publish \`${row.type}\`, body ${bodyOf(row)}`;
const getting = (row: Message | null): string => (row === null ? '' : `\`${row.type}\`, body ${bodyOf(row)}`);

const same = (one: StepsOfFlows, other: StepsOfFlows): boolean => FLOWS.every((flow) => one[flow] === other[flow]);

/** A request, and its answer where it comes in the same step. */
function stepsOf(row: Message): readonly DeviceStep[] {
  const { steps } = row;
  if (row.leg !== 'link.up' || steps === undefined) return [];
  const answer = answerTo(row.leg, row.type);
  if (answer?.steps === undefined) return [{ steps, sends: publishing(row), gets: '' }];
  if (same(steps, answer.steps)) return [{ steps, sends: publishing(row), gets: getting(answer) }];
  return [
    { steps, sends: publishing(row), gets: '' },
    { steps: answer.steps, sends: '', gets: getting(answer) },
  ];
}

const sealedStep: DeviceStep = {
  steps: SEALED_TEXTS['session-confirm'].steps,
  sends: publishing(rowOf('link.up', 'sealed')),
  gets: getting(rowOf('link.down', 'sealed')),
};

/** The steps of both flows, as a device sees them. */
export function deviceStepsRegion(): string {
  const own = [...MESSAGES.flatMap(stepsOf), sealedStep];
  const numbersOf = (flow: Flow): readonly number[] => own.flatMap(({ steps }) => steps[flow] ?? []);
  const between = (flow: Flow): readonly number[] => {
    const numbers = numbersOf(flow);
    return Array.from({ length: Math.max(...numbers) }, (_, index) => index + 1).filter((n) => !numbers.includes(n));
  };
  const cell = (flow: Flow, { steps }: DeviceStep): string => `${steps[flow] ?? ''}`;
  const rows = own.map((one) => ({
    at: one.steps['1.4.2'] ?? 0,
    cells: [cell('1.4.1', one), cell('1.4.2', one), one.sends, one.gets],
  }));
  const [member, stranger] = [between('1.4.1'), between('1.4.2')];
  const waiting = {
    at: stranger[0] ?? 0,
    cells: [member.join(', '), stranger.join(', '), 'wait: PN GW and server are at work', ''],
  };
  const ordered = [...rows, waiting].toSorted((a, b) => a.at - b.at);
  return table(
    ['member', 'stranger', 'you', 'you get'],
    ordered.map(({ cells }) => cells),
  );
}

/** The response codes, in two columns. */
export function codesRegion(): string {
  const codes = Object.entries(RESPONSE_CODES).map(([code, { reason, lasting }]) => [
    code,
    reason,
    code === '200' ? '' : lasting,
  ]);
  const half = Math.ceil(codes.length / 2);
  const rows = codes.slice(0, half).map((left, index) => [...left, ...(codes[half + index] ?? ['', '', ''])]);
  return table(['code', 'reason', '', 'code', 'reason', ''], rows);
}

const partiesOf = (leg: Leg): string => `${ROLES[LEGS[leg].source]} to ${ROLES[LEGS[leg].target]}`;

function takerOf({ takenBy }: Message): string {
  if ('chart' in takenBy) return `\`${takenBy.chart}\``;
  return 'channel' in takenBy ? 'the channel of the session' : 'relayed';
}

/** Every message of every leg. */
export function messagesRegion(): string {
  const rows = MESSAGES.map((row) => {
    const steps = FLOWS.flatMap((flow) => (row.steps?.[flow] === undefined ? [] : [`${flow}/${row.steps[flow]}`]));
    const answer = row.answeredBy === undefined ? '' : `\`${row.answeredBy}\``;
    return [partiesOf(row.leg), `\`${row.type}\``, bodyOf(row), steps.join(', '), takerOf(row), answer];
  });
  return table(['', 'type', 'body', 'step', 'taken by', 'answered by'], rows);
}

/** What both ends of a session say in a `sealed` message. */
export function sealedTextsRegion(): string {
  const rows = Object.entries(SEALED_TEXTS).map(([type, row]) => {
    const by = ['up' in row ? ROLES.pne : [], 'down' in row ? ROLES['cpns-server'] : []].flat().join(', ');
    const answer = 'answeredBy' in row ? `\`${row.answeredBy}\`` : '';
    return [`\`${type}\``, `${row.counter}`, by, row.description, answer];
  });
  return table(['text', 'counter', 'said by', '', 'answered by'], rows);
}

/** Each message of the link as it stands there, in the order of the story. */
export function examplesRegion(): string {
  const shown = EXAMPLES.filter(({ leg }) => leg.startsWith('link.')).map(({ summary, subject, payload }) => {
    const { body, ...envelope } = payload;
    const fields = Object.entries({ ...envelope, body }).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
    return `${summary}\n\n\`\`\`\n${subject}\n{ ${fields.join(',\n  ')} }\n\`\`\`\n`;
  });
  return shown.join('\n');
}
