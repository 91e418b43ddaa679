import { finding } from '../finding.ts';
import { NUMBER, TEXT } from '../scratch/shelf.ts';
import { isOf, text } from './reading.ts';
import type { Rule } from './watch.ts';

export const SESSIONS = 'I10';

/** Types of events that agree on keys, at the end of the server and at that of the PNE. */
const AGREEMENTS: ReadonlySet<string> = new Set(['RegistrationAnswered', 'RegistrationAccepted']);

/** What of I10 one end tells; what both tell together is compared between the journals. The keys are in none. */
export const sessionOfRegistration: Rule = {
  id: SESSIONS,
  states:
    'The session that an end takes up is the one that its registration agreed on, and no two registrations agree on one.',
  types: [...AGREEMENTS, 'SecureSessionEstablished'],
  scope: 'journal',
  watch({ scratch, report }) {
    const agreed = scratch.shelf(TEXT);
    const positions = scratch.shelf(NUMBER);
    return {
      take(seen) {
        const { event } = seen;
        if (!isOf(event, 'cpns-server/registration') && !isOf(event, 'pne/registration')) return;
        const keyId = text(event, 'keyId');
        if (keyId === null) return;
        if (AGREEMENTS.has(event.type)) {
          const before = positions.get(`${event.meta.role} ${keyId}`);
          if (before !== undefined)
            report(finding(SESSIONS, seen, `session ${keyId} was agreed on before, at position ${before}`));
          positions.set(`${event.meta.role} ${keyId}`, event.position);
          agreed.set(event.stream, keyId);
        } else if (agreed.get(event.stream) !== keyId)
          report(
            finding(
              SESSIONS,
              seen,
              `takes up session ${keyId}, and ${agreed.get(event.stream) ?? 'none'} was agreed on`,
            ),
          );
      },
    };
  },
};
