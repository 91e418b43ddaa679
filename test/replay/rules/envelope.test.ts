import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../journal/port.ts';
import { CHART_IDS, rowOf } from '../../../machines/catalogue.ts';
import { envelope } from '../../../replay/rules/envelope.ts';
import { Scratch } from '../../../replay/scratch/scratch.ts';
import { recorded } from '../event.ts';

function findingsOf(event: RecordedEvent): readonly string[] {
  const scratch = new Scratch();
  const found: string[] = [];
  envelope
    .watch({ scratch, report: ({ stream, says }) => found.push(`${stream}: ${says}`), doubt: () => {} })
    .take({ journal: 0, event, step: 1 });
  scratch.close();
  return found;
}

describe('the envelope of an event', () => {
  it.each(CHART_IDS)('is in order in a stream of its chart: %s', (chart) => {
    const stream = rowOf(chart).stream.replaceAll(/\{\w+\}/g, 'x');
    const data = { pnId: 'x', deviceId: 'x', gatewayId: 'x' };
    expect(findingsOf(recorded(chart, stream, 'Some', data))).toEqual([]);
  });

  it.each(['typo/x', 'registration/home', 'registration/home/lamp/x', 'registration/HOME/lamp', 'registration//lamp'])(
    'names a stream that no chart has: %s',
    (stream) => {
      const event = recorded('cpns-server/registration', stream, 'Some', { pnId: 'home', deviceId: 'lock' });
      expect(findingsOf(event)).toEqual([`${stream}: no chart has a stream of this name`]);
    },
  );

  it('names a stream of another chart', () => {
    expect(findingsOf(recorded('cpns-server/charging', 'registration/home/lamp', 'Some'))).toEqual([
      'registration/home/lamp: chart cpns-server/charging has no stream of this name',
    ]);
  });

  it.each([
    ['cpns-server/registration', 'registration/home/lamp', { pnId: 'home', deviceId: 'lock' }, 'deviceId is "lock"'],
    ['cpns-server/registration', 'registration/home/lamp', { pnId: 7 }, 'pnId is 7'],
    ['pn-gateway/admission', 'admission/hub/lamp', { gatewayId: 'hob' }, 'gatewayId is "hob"'],
    ['cpns-server/subject', 'subject/lamp', { deviceId: 'lock' }, 'deviceId is "lock"'],
  ] as const)('tells an id that is another one than in the name of its stream: %s', (chart, stream, data, says) => {
    expect(findingsOf(recorded(chart, stream, 'Some', data))).toEqual([`${stream}: ${says} in this stream`]);
  });

  it('tells a role that has no such chart, but for those of every journal', () => {
    const as = (role: string, event: RecordedEvent) => findingsOf({ ...event, meta: { ...event.meta, role } });
    expect(as('pne', recorded('cpns-server/subject', 'subject/lamp', 'Some'))).toEqual([
      'subject/lamp: role pne has no chart cpns-server/subject',
    ]);
    expect(as('pne', recorded('journal/keyring', 'keyring', 'Some'))).toEqual([]);
  });
});
