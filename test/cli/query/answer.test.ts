import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../seams/clock.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { MemoryNetwork } from '../../../wire/memory.ts';
import { answerQuery, MAX_QUESTIONS } from '../../../cli/query/answer.ts';

const SUBJECT = 'cpns.query.anything';

/** A role whose answers are given when the test says so. */
function running() {
  const log = new RecordedLog();
  const network = new MemoryNetwork({ log, clock: new SimulatedClock() });
  const due: PromiseWithResolvers<object>[] = [];
  answerQuery(network.connect('server'), SUBJECT, log, () => {
    const answer = Promise.withResolvers<object>();
    due.push(answer);
    return answer.promise;
  });
  const wire = network.connect('client');
  const ask = async (): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await wire.request(SUBJECT, '{}', { timeoutMs: 1_000 })));
  return { ask, due, log };
}

test('one question too many at once is refused at once, and a later one is answered', async () => {
  const { ask, due } = running();
  const first = Array.from({ length: MAX_QUESTIONS }, ask);
  expect(await ask()).toMatchObject({ code: 429 });
  expect(due).toHaveLength(MAX_QUESTIONS);
  due.forEach(({ resolve }, i) => resolve({ i }));
  expect(await Promise.all(first)).toEqual(first.map((_, i) => ({ i })));
  const later = ask();
  await expect.poll(() => due.length).toBe(MAX_QUESTIONS + 1);
  due.at(-1)?.resolve({ i: 'later' });
  expect(await later).toEqual({ i: 'later' });
});

test('a question whose answer fails is answered 500, logged, and makes room for another', async () => {
  const { ask, due, log } = running();
  for (let i = 0; i <= MAX_QUESTIONS; i++) {
    const answer = ask();
    await expect.poll(() => due.length).toBe(i + 1);
    due.at(-1)?.reject(new Error('the disk is on fire'));
    expect(await answer).toMatchObject({ code: 500 });
  }
  expect(log.lines.filter(({ message }) => message === 'query failed')).toHaveLength(MAX_QUESTIONS + 1);
});
