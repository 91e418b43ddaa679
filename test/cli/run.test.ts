import { describe, expect, test } from 'vitest';
import { run, untilStopped } from '../../cli/run.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { FakeHost } from './fake-host.ts';

class TimedHost extends FakeHost {
  override readonly clock = new SimulatedClock();
}

describe('run', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s closes what was opened, the last first, then listens no more',
    async (signal) => {
      const host = new FakeHost();
      const closed: string[] = [];
      const ended = run(host, async ({ stopped, onClose }) => {
        onClose('journal', () => void closed.push('journal'));
        onClose('wire', async () => void closed.push('wire'));
        await untilStopped(stopped);
        return 0;
      });
      host.send(signal);
      expect(await ended).toBe(0);
      expect(closed).toEqual(['wire', 'journal']);
      expect(host.listeners).toBe(0);
    },
  );

  test('what was opened before a failure is closed too', async () => {
    const host = new FakeHost();
    const closed: string[] = [];
    const ended = run(host, async ({ onClose }) => {
      onClose('journal', () => void closed.push('journal'));
      throw new Error('no wire');
    });
    await expect(ended).rejects.toThrow('no wire');
    expect(closed).toEqual(['journal']);
  });

  test('one that cannot be closed is told, the others are closed, and the exit code is 1', async () => {
    const host = new FakeHost();
    const closed: string[] = [];
    const code = await run(host, async ({ onClose }) => {
      onClose('journal', () => void closed.push('journal'));
      onClose('wire', () => Promise.reject(new Error('stuck')));
      return 0;
    });
    expect([code, closed, host.stderr]).toEqual([1, ['journal'], 'cpns: could not close wire: stuck\n']);
  });

  test('a second signal ends the process at once; the echo of the first does not', async () => {
    const host = new TimedHost();
    let release = (): void => {};
    const ended = run(host, async ({ stopped, onClose }) => {
      onClose('something slow', () => new Promise((resolve) => (release = () => resolve())));
      await untilStopped(stopped);
      return 0;
    });
    host.send('SIGINT');
    host.clock.advance(50);
    host.send('SIGINT');
    expect(host.exits).toEqual([]);
    host.clock.advance(1_000);
    host.send('SIGTERM');
    expect(host.exits).toEqual([143]);
    await expect.poll(() => (release(), true)).toBe(true);
    await ended;
  });
});
