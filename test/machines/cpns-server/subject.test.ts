import { describe, it } from 'vitest';
import { subject as chart } from '../../../machines/cpns-server/subject.ts';
import { given, type EventOfChart } from '../given.ts';

type Event = EventOfChart<'cpns-server/subject'>;

const ONE = 'subject/lamp/one';
const TWO = 'subject/lamp/two';
const SEALED = 'A'.repeat(64);
const OTHER = 'B'.repeat(64);

const told = (by: 'operator' | 'device', keyId = ONE, sealed = SEALED): Event => ({
  type: 'SubjectDescribed',
  data: { keyId, by, sealed },
});
const erased = (keyId = ONE): Event => ({ type: 'SubjectErased', data: { keyId } });

describe('what is personal about a device', () => {
  it('is told otherwise by the device as long as the operator has said nothing', () => {
    given(chart, [told('device')])
      .when(told('device', ONE, OTHER))
      .thenTaken({ state: 'described', effects: [], context: { by: 'device', sealed: OTHER } });
  });

  it('is what the operator lists, whatever the device says', () => {
    given(chart, [told('device')])
      .when(told('operator', ONE, OTHER))
      .thenTaken({ state: 'described', effects: [], context: { by: 'operator', sealed: OTHER } });
    given(chart, [told('operator')])
      .when(told('device', ONE, OTHER))
      .thenRefused(409);
  });

  it('is not in the state any more once it is erased, and is erased with its own key only', () => {
    given(chart, [told('operator')])
      .when(erased())
      .thenTaken({ state: 'erased', effects: [], context: { by: null, sealed: null, erasures: 1 } });
    given(chart, [told('operator')])
      .when(erased(TWO))
      .thenRefused(409);
    given(chart, []).when(erased()).thenRefused(409);
  });

  it('is told anew by the device itself, under another key; by no list of the operator', () => {
    const before = [told('operator'), erased()];
    given(chart, before).when(told('operator', TWO)).thenRefused(409);
    given(chart, before).when(told('device')).thenRefused(409);
    given(chart, before)
      .when(told('device', TWO))
      .thenTaken({ state: 'described', effects: [], context: { keyId: TWO, by: 'device', erasures: 1 } });
  });
});
