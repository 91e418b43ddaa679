import type { Difference, Row, Verified } from '../../projections/verify.ts';

/** People read the first few; machines get all. */
const SHOWN = 20;

export const isRight = ({ differences, failure }: Verified): boolean => differences.length === 0 && failure === null;

export function verifiedJson({ name, position, rows, differences, failure }: Verified): object {
  const { fault = null, message = null, event = null } = failure ?? {};
  return { name, position, rows, differences, failure: failure === null ? null : { fault, says: message, event } };
}

export function verifiedText(verified: Verified): string {
  const { name, position, rows, differences, failure } = verified;
  if (failure !== null) return `${failure.message}\n`;
  if (isRight(verified)) return `${name}: as the first ${position} events say, row by row (${rows})\n`;
  const more = differences.length - SHOWN;
  return [
    `${name}: ${differences.length} of ${rows} rows are not what the first ${position} events say`,
    ...differences.slice(0, SHOWN).map(differenceText),
    ...(more > 0 ? [`  and ${more} more: --json shows them`] : []),
    '',
  ].join('\n');
}

function differenceText({ table, stored, folded }: Difference): string {
  const say = (row: Row | null): string => (row === null ? 'no row' : JSON.stringify(row));
  return `  ${table}: stored ${say(stored)}, by the events ${say(folded)}`;
}
