import { expect, test } from 'vitest';
import { assertDecided } from '../../../cli/pn/decide.ts';

/** What an operator is told of an answer that says that the decision may have been taken. */

const QUESTION = { verb: 'approve', pnId: 'home', deviceId: 'tag' } as const;
const told = (code: 408 | 429 | 500 | 503) => () => assertDecided({ kind: 'answered', code }, QUESTION);

test.each([408, 500] as const)('%d leaves open whether it was taken', (code) => {
  expect(told(code)).toThrow(/^Nobody knows whether the server took it: /);
});

test('408 says that the clocks may differ, for the server takes nothing that is a minute old', () => {
  expect(told(408)).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/^Run the command again.* set the clock/) }),
  );
});

test.each([429, 503] as const)('%d says that it was not', (code) => {
  expect(told(code)).toThrow(/^The server did not take it: /);
});
