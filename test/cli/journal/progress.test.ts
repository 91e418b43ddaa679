import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../seams/clock.ts';
import { progressOf } from '../../../cli/journal/progress.ts';
import { FakeHost } from '../fake-host.ts';

class WatchedHost extends FakeHost {
  override readonly clock = new SimulatedClock();
}

function watched(progress: FakeHost['progress']) {
  const host = new WatchedHost();
  host.progress = progress;
  return host;
}

test('one line is drawn over: a bar, the rate, the time that is left, and how much', () => {
  const host = watched('shown');
  const tell = progressOf(host, 'server.sqlite');
  host.clock.advance(60_000);
  tell(0, 300_000);
  host.clock.advance(500);
  tell(10_000, 300_000);
  expect(host.statusLines).toEqual([]);
  host.clock.advance(1_500);
  tell(60_000, 300_000);
  host.clock.advance(100);
  tell(60_500, 300_000);
  host.clock.advance(1_900);
  tell(61_000, 300_000);
  expect(host.statusLines).toEqual([
    'server.sqlite [####----------------]  20 %, 30000/s, 8 s left, 60000 of 300000 events',
    'server.sqlite [####----------------]  20 %, 15250/s, 16 s left, 61000 of 300000 events',
  ]);
  expect(host.stderr).toBe('');
});

test('minutes, an unknown end, and a long name', () => {
  const host = watched('shown');
  const tell = progressOf(host, `${'operator/'.repeat(5)}gateways/hub-hall.sqlite`, 'streams');
  tell(0, 100);
  host.clock.advance(2_000);
  tell(1, 200);
  const without = progressOf(host, 'imported');
  without(100, null);
  host.clock.advance(2_000);
  without(300, null);
  expect(host.statusLines).toEqual([
    '…or/gateways/hub-hall.sqlite [--------------------]   0 %, 1/s, 6 min 38 s left, 1 of 200 streams',
    'imported: 100/s, 300 events',
  ]);
});

test('in a pipe it is quiet', () => {
  const host = watched('hidden');
  const tell = progressOf(host, 'server.sqlite');
  tell(0, 10);
  host.clock.advance(5_000);
  tell(10, 10);
  expect(host.statusLines).toEqual([]);
});
