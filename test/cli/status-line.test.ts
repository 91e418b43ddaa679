import { expect, test } from 'vitest';
import { StatusLine } from '../../cli/status-line.ts';

test('a shorter line leaves nothing of the one before, one that is too long is cut, and what is written next stands alone', () => {
  let written = '';
  const line = new StatusLine({ write: (text) => void (written += text), columns: 10 });
  line.show('twelve chars');
  line.show('short');
  line.clear();
  line.clear();
  expect(written).toBe('\rtwelve ch\rshort    \r     \r');
});
