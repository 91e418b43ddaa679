import type { UsageSum } from '../events/fields.ts';

export interface Total {
  readonly messages: number;
  readonly bytes: number;
}

export const NOTHING: Total = { messages: 0, bytes: 0 };

/** A count that has come to 2^53 - 1 stays there: nobody honest gets so far, and whoever lies must not break a sum. */
export const addCount = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER);

export function addTotal(total: Total, sums: readonly UsageSum[]): Total {
  return sums.reduce(
    ({ messages, bytes }, sum) => ({ messages: addCount(messages, sum.messages), bytes: addCount(bytes, sum.bytes) }),
    total,
  );
}

/** What sums are kept apart by, within one PNE of one PN. */
export const usageKey = ({
  keyId,
  serviceId,
  direction,
}: Pick<UsageSum, 'keyId' | 'serviceId' | 'direction'>): string => `${keyId}|${serviceId}|${direction}`;

/** Two sums of one key as one. */
export function addSum(a: UsageSum, b: UsageSum): UsageSum {
  return {
    ...a,
    messages: addCount(a.messages, b.messages),
    bytes: addCount(a.bytes, b.bytes),
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
  };
}
