import { DatabaseSync } from 'node:sqlite';
import type { Journals } from './contestant.ts';

/** Events of one member's registration, flow 1.4.1 with the confirmed session, by journal. */
const EXPECTED = {
  pnes: [
    'RegistrationWanted',
    'RegistrationRequested',
    'RegistrationAccepted',
    'SecureSessionEstablished',
    'SecureSessionConfirmed',
  ],
  gateway: [
    'RegistrationRequestReceived',
    'MembershipConfirmed',
    'RegistrationForwarded',
    'RegistrationAnswered',
    'LocalInventoryUpdated',
    'ResponseForwarded',
  ],
  server: [
    'RegistrationRequestReceived',
    'PneAuthenticated',
    'CpnsIdAllocated',
    'InventoryUpdated',
    'RegistrationAnswered',
    'SecureSessionEstablished',
  ],
} as const satisfies { readonly [journal in keyof Journals]: readonly string[] };

export const EVENTS_PER_REGISTRATION = Object.values(EXPECTED).reduce((sum, types) => sum + types.length, 0);

/** Rows that a registration leaves in the other tables. */
const LEFT = {
  pnes: { inbox: 2, outbox: 0, answers: 0, timers: 0, keys: 1 },
  gateway: { inbox: 2, outbox: 0, answers: 1, timers: 0, keys: 0 },
  server: { inbox: 2, outbox: 0, answers: 2, timers: 0, keys: 1 },
} as const satisfies { readonly [journal in keyof Journals]: Readonly<Record<string, number>> };

const JOURNALS = ['pnes', 'gateway', 'server'] as const;

/** Counts of rows, before the registrations. */
export type Baseline = ReadonlyMap<string, number>;

/** Counts the rows of each kind of event and of each other table in the three journals. */
export function countRows(journals: Journals): Baseline {
  const counts = new Map<string, number>();
  for (const name of JOURNALS) {
    const db = new DatabaseSync(journals[name], { readOnly: true });
    for (const row of db.prepare('select type, count(*) as count from events group by type').all())
      counts.set(`${name}: ${String(row['type'])}`, Number(row['count']));
    for (const table of Object.keys(LEFT[name])) {
      // Numbers of frames on the WAN are noted now and then, not for each registration.
      const each = table === 'keys' ? "keys where id not like 'wan/%'" : table;
      const row = db.prepare(`select count(*) as count from ${each}`).get();
      counts.set(`${name}: ${table}`, Number(row?.['count']));
    }
    db.close();
  }
  return counts;
}

/**
 * Checks that the journals hold each event of each registration once, and the rows that belong to them.
 * @returns events beyond those: repeated attempts
 * @throws Error when anything is missing or doubled
 */
export function checkJournals(journals: Journals, before: Baseline, registrations: number): number {
  const after = countRows(journals);
  const added = (key: string): number => (after.get(key) ?? 0) - (before.get(key) ?? 0);
  const wrong: string[] = [];
  let more = 0;
  for (const name of JOURNALS) {
    const wanted = new Map<string, number>(Object.entries(LEFT[name]));
    for (const type of EXPECTED[name]) wanted.set(type, 1);
    for (const [what, each] of wanted) {
      const found = added(`${name}: ${what}`);
      if (found !== each * registrations) wrong.push(`${name}: ${found} of ${what}, not ${each * registrations}`);
    }
    for (const key of after.keys())
      if (key.startsWith(`${name}: `) && !wanted.has(key.slice(name.length + 2))) more += added(key);
  }
  if (wrong.length > 0) throw new Error(`After ${registrations} registrations: ${wrong.join('; ')}.`);
  return more;
}
