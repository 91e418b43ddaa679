import { describe, expect, it } from 'vitest';
import { flowToMermaid } from '../../../cli/charts/sequence-diagram.ts';
import { traceFlows } from '../../simulation/flows.ts';

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
      { kind: 'message', source: 'PNE', target: 'PN GW', type: 'registration-request', step: '1.4.1/1' },
      {
        kind: 'events',
        party: 'PN GW',
        events: [
          { type: 'RegistrationRequestReceived', step: '1.4.1/1' },
          { type: 'MembershipConfirmed', step: '1.4.1/2' },
        ],
      },
      { kind: 'message', source: 'PN GW', target: 'CPNS Server', type: 'pn-establishment-request', step: null },
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
      '  PNGW->>CPNSServer: pn establishment request',
      '',
    ]);
  });
});

describe('the flows of the change request, as they run', () => {
  it('have the messages that the change request names, in its order', async () => {
    const { member, stranger } = await traceFlows();
    const messages = (trace: typeof member) =>
      trace.flatMap((entry) => (entry.kind === 'message' ? [`${entry.step} ${entry.source}: ${entry.type}`] : []));
    expect(messages(member)).toEqual([
      '1.4.1/1 PNE: registration-request',
      '1.4.1/3 PN GW: registration-request',
      '1.4.1/3 CPNS Server: registration-response',
      '1.4.1/4 PN GW: registration-response',
      '1.4.1/4 PNE: sealed',
      '1.4.1/4 PN GW: sealed',
      '1.4.1/4 CPNS Server: sealed',
      '1.4.1/4 PN GW: sealed',
    ]);
    expect(messages(stranger)).toEqual([
      '1.4.2/1 PNE: pairing-request',
      '1.4.2/1 PN GW: pairing-response',
      '1.4.2/2 PNE: registration-request',
      '1.4.2/4 PN GW: pn-update-request',
      '1.4.2/4 CPNS Server: pn-update-response',
      '1.4.2/5 PN GW: registration-request',
      '1.4.2/5 CPNS Server: registration-response',
      '1.4.2/6 PN GW: registration-response',
      '1.4.2/6 PNE: sealed',
      '1.4.2/6 PN GW: sealed',
      '1.4.2/6 CPNS Server: sealed',
      '1.4.2/6 PN GW: sealed',
    ]);
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
