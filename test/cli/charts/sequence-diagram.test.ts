import { describe, expect, it } from 'vitest';
import { flowToMermaid } from '../../../cli/charts/sequence-diagram.ts';
import { traceFlows } from '../../simulation/flows.ts';
import { ROLES } from '../../../events/parties.ts';
import { MESSAGES } from '../../../messages/catalogue.ts';
import { LEGS } from '../../../messages/legs.ts';
import { SEALED_TEXTS } from '../../../messages/sealed-texts.ts';

describe('the picture of a flow', () => {
  it('shows messages and events in order, with their step', () => {
    const picture = flowToMermaid([
      {
        kind: 'events',
        party: 'PNE',
        events: [
          { type: 'RegistrationWanted', step: null },
          { type: 'RegistrationRequested', step: '1.4.1/1' },
        ],
      },
      { kind: 'message', source: 'PNE', target: 'PN GW', title: 'PNE Registration Request', step: '1.4.1/1' },
      {
        kind: 'events',
        party: 'PN GW',
        events: [
          { type: 'RegistrationRequestReceived', step: '1.4.1/1' },
          { type: 'MembershipConfirmed', step: '1.4.1/2' },
        ],
      },
      { kind: 'message', source: 'PN GW', target: 'CPNS Server', title: 'PN Establishment Request', step: null },
      { kind: 'events', party: 'CPNS Server', events: [{ type: 'PnEstablished', step: null }] },
    ]);
    expect(picture.split('\n')).toEqual([
      'sequenceDiagram',
      '  participant PNE as PNE',
      '  participant PNGW as PN GW',
      '  participant CPNSServer as CPNS Server',
      '  Note over PNE: 1. RegistrationRequested',
      '  PNE->>PNGW: 1. PNE Registration Request',
      '  Note over PNGW: 1. RegistrationRequestReceived<br/>2. MembershipConfirmed',
      '  PNGW->>CPNSServer: PN Establishment Request',
      '',
    ]);
  });
});

describe('the flows of the change request, as they run', () => {
  it('have the messages that the change request names, in its order', async () => {
    const { member, stranger } = await traceFlows();
    const messages = (trace: typeof member) =>
      trace.flatMap((entry) => (entry.kind === 'message' ? [`${entry.step} ${entry.source}: ${entry.title}`] : []));
    expect(messages(member)).toEqual([
      '1.4.1/1 PNE: PNE Registration Request',
      '1.4.1/3 PN GW: PNE Registration Request',
      '1.4.1/3 CPNS Server: PNE Registration Response',
      '1.4.1/4 PN GW: PNE Registration Response',
      '1.4.1/4 PNE: sealed message',
      '1.4.1/4 PN GW: sealed message',
      '1.4.1/4 CPNS Server: sealed message',
      '1.4.1/4 PN GW: sealed message',
    ]);
    expect(messages(stranger)).toEqual([
      '1.4.2/1 PNE: pairing request',
      '1.4.2/1 PN GW: pairing response',
      '1.4.2/2 PNE: PNE Registration Request',
      '1.4.2/4 PN GW: PN Update Request',
      '1.4.2/4 CPNS Server: PN Update Response',
      '1.4.2/5 PN GW: PNE Registration Request',
      '1.4.2/5 CPNS Server: PNE Registration Response',
      '1.4.2/6 PN GW: PNE Registration Response',
      '1.4.2/6 PNE: sealed message',
      '1.4.2/6 PN GW: sealed message',
      '1.4.2/6 CPNS Server: sealed message',
      '1.4.2/6 PN GW: sealed message',
    ]);
  });

  it('have each message in the step that the catalogue says', async () => {
    const { member, stranger } = await traceFlows();
    for (const [flow, trace] of [
      ['1.4.1', member],
      ['1.4.2', stranger],
    ] as const) {
      for (const entry of trace) {
        if (entry.kind === 'events') continue;
        const row = MESSAGES.find(
          ({ leg, title }) =>
            title === entry.title &&
            ROLES[LEGS[leg].source] === entry.source &&
            ROLES[LEGS[leg].target] === entry.target,
        );
        // A sealed message is of the step of what is sealed in it: here of the first two.
        const steps = row?.type === 'sealed' ? SEALED_TEXTS['session-confirm'].steps : row?.steps;
        expect([entry.title, `${flow}/${steps?.[flow]}`]).toEqual([entry.title, entry.step]);
      }
    }
  });

  it('pass every step, never backwards', async () => {
    const { member, stranger } = await traceFlows();
    const steps = (trace: typeof member) =>
      trace.flatMap((entry) =>
        entry.kind === 'events' ? entry.events.flatMap(({ step }) => (step === null ? [] : [step])) : [],
      );
    for (const [trace, count] of [
      [member, 4],
      [stranger, 6],
    ] as const) {
      expect(steps(trace)).toEqual(steps(trace).toSorted());
      expect(new Set(steps(trace)).size).toBe(count);
    }
  });

  it('run the same every time', async () => {
    expect(await traceFlows()).toEqual(await traceFlows());
  });
});
