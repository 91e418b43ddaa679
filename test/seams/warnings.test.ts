import { expect, test } from 'vitest';
import { MAX_WARNINGS_APART, WARNING_WINDOW_MS } from '../../seams/warnings.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { RecordedLog } from '../../seams/log.ts';
import { Warnings } from '../../seams/warnings.ts';

function setUp() {
  const [clock, log] = [new SimulatedClock(), new RecordedLog()];
  const warnings = new Warnings(clock, log);
  const said = () => log.lines.splice(0).map(({ message, fields }) => [message, fields]);
  return { clock, warnings, said };
}

test('a warning is said once in a window, and then how often it came again', () => {
  const { clock, warnings, said } = setUp();
  for (let i = 0; i < 1_000; i++) warnings.say('refused', { gatewayId: 'hub' });
  expect(said()).toEqual([['refused', { gatewayId: 'hub' }]]);
  clock.advance(WARNING_WINDOW_MS);
  expect(said()).toEqual([['refused', { gatewayId: 'hub', more: 999 }]]);
  clock.advance(WARNING_WINDOW_MS);
  expect(said()).toEqual([]);
});

test('of ever new names so many are told apart, and the rest by their number', () => {
  const { clock, warnings, said } = setUp();
  for (let i = 0; i < 5_000; i++) warnings.say('refused', { gatewayId: `made-up-${i}` });
  for (let i = 0; i < 7; i++) warnings.say('not taken', { subject: `made-up-${i}` });
  expect(said()).toHaveLength(MAX_WARNINGS_APART);
  clock.advance(WARNING_WINDOW_MS);
  expect(said()).toEqual([
    ['refused', { of: 'others', more: 5_000 - MAX_WARNINGS_APART }],
    ['not taken', { of: 'others', more: 7 }],
  ]);
  warnings.say('refused', { gatewayId: 'hub' });
  expect(said()).toEqual([['refused', { gatewayId: 'hub' }]]);
});
