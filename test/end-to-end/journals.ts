import { readFileSync } from 'node:fs';
import { openJournalReader } from '../../cli/journal/open.ts';
import { DEFAULT_READ_LIMIT, type RecordedEvent } from '../../journal/port.ts';
import { audit } from '../../replay/audit.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { judge } from '../../replay/verdict.ts';
import { createKeyring } from '../../security/keyring.ts';
import { sessionFromBytes, type Session } from '../../security/session.ts';
import {
  cpnsIdAfterAuthentication,
  cpnsIdBelongsToOneDevice,
  forwardsOnlyMembers,
  inventoryAgreesWithRegistration,
  localInventoryIsPrefix,
  noProvisionalAfterRefusal,
  noSecretLeaks,
  oneOutcomePerRequest,
  projectionEqualsRebuilt,
  sessionsAgree,
  stateIsFold,
} from '../properties/invariants.ts';
import { unsealed } from '../simulation/unsealed.ts';
import type { Moment, NodeName } from '../simulation/world.ts';
import type { Checker, Evidence } from '../properties/evidence.ts';

/** The journals of a finished run, put before the invariants of the simulation. */

export interface JournalFile {
  readonly node: NodeName;
  /** A file, or the address of a database. */
  readonly journal: string;
  readonly keyFile: string;
}

export async function eventsIn(journal: string): Promise<readonly RecordedEvent[]> {
  const reader = await openJournalReader(journal);
  try {
    const events: RecordedEvent[] = [];
    for (;;) {
      const page = await reader.readAll({ after: events.length });
      events.push(...page);
      if (page.length < DEFAULT_READ_LIMIT) return events;
    }
  } finally {
    await reader.close();
  }
}

/** What the keyring of a journal holds, in the clear. */
export async function keysIn({ journal, keyFile }: JournalFile): Promise<Moment['keys']['put']> {
  const kek = new Uint8Array(Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64url'));
  const keyring = createKeyring({ kek, bytes: (length) => new Uint8Array(length) });
  const reader = await openJournalReader(journal);
  try {
    return (await reader.wrappedKeys({ after: '', limit: Number.MAX_SAFE_INTEGER })).map(({ id, wrapped }) => {
      const secret = keyring.unwrap(id, wrapped);
      if (secret === null) throw new Error(`${journal}: key ${id} does not open`);
      return { id, secret };
    });
  } finally {
    await reader.close();
  }
}

/** Positions and versions without a gap, and nothing left to be sent or waited for. */
export function faultsOf(events: readonly RecordedEvent[]): readonly string[] {
  const found: string[] = [];
  const versions = new Map<string, number>();
  events.forEach(({ position, stream, version }, index) => {
    if (position !== index + 1) found.push(`event ${index + 1} has position ${position}`);
    const next = (versions.get(stream) ?? 0) + 1;
    if (version !== next) found.push(`${stream} has version ${version} where ${next} is due`);
    versions.set(stream, version);
  });
  return found;
}

/** The server comes first: of what two processes did in one millisecond, an inventory change is the server's first. */
const ORDER: readonly NodeName[] = ['server', 'gateway', 'pnes'];

/** What one step wrote stands together and has one time. The keys at the end of the run count from its start. */
async function momentsOf(file: JournalFile): Promise<readonly Moment[]> {
  const moments: { node: NodeName; events: RecordedEvent[]; keys: Moment['keys'] }[] = [];
  let step = '';
  const keys = await keysIn(file);
  for (const event of await eventsIn(file.journal)) {
    const { messageId, correlationId, recordedAt } = event.meta;
    const current = `${messageId} ${correlationId} ${recordedAt}`;
    if (current !== step || moments.length === 0) {
      moments.push({ node: file.node, events: [], keys: { drop: [], put: moments.length === 0 ? keys : [] } });
    }
    step = current;
    moments.at(-1)?.events.push(event);
  }
  return moments;
}

const timeOf = (moment: Moment): string => moment.events[0]?.meta.recordedAt ?? '';

/** Merges by time; the order within each journal stays. */
function merge(journals: readonly (readonly Moment[])[]): readonly Moment[] {
  const left = journals.map((moments) => [...moments]);
  const merged: Moment[] = [];
  for (;;) {
    const heads = left.filter((moments) => moments.length > 0);
    const first = heads.toSorted((a, b) => compare(a[0], b[0]))[0]?.shift();
    if (first === undefined) return merged;
    merged.push(first);
  }
}

function compare(a: Moment | undefined, b: Moment | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const [first, second] = [timeOf(a), timeOf(b)];
  return first === second ? ORDER.indexOf(a.node) - ORDER.indexOf(b.node) : first < second ? -1 : 1;
}

const CHECKERS: Readonly<Record<string, Checker>> = {
  I1: cpnsIdAfterAuthentication,
  I2: cpnsIdBelongsToOneDevice,
  I3: inventoryAgreesWithRegistration,
  I4: localInventoryIsPrefix,
  I5: forwardsOnlyMembers,
  I6: oneOutcomePerRequest,
  I7: noSecretLeaks,
  I8: stateIsFold,
  I9: projectionEqualsRebuilt,
  I10: sessionsAgree,
  I11: noProvisionalAfterRefusal,
};

/** The messages as their senders wrote them: on the WAN they were sealed in a session that the server has. */
async function opened(sent: Evidence['sent'], files: readonly JournalFile[]): Promise<Evidence['sent']> {
  const sessions = new Map<string, Session>();
  const kept = await Promise.all(files.filter(({ node }) => node === 'server').map(keysIn));
  for (const { secret } of kept.flat()) {
    const session = sessionFromBytes(secret);
    if (session !== null) sessions.set(session.keyId, session);
  }
  return sent.map((message) => {
    const bytes = unsealed(message.subject, Buffer.from(message.payload), (keyId) => sessions.get(keyId));
    return { ...message, payload: Buffer.from(bytes).toString('utf8') };
  });
}

/** Everything that the journals of a run that came to rest, its messages and its logs have against it. */
export async function violations(
  files: readonly JournalFile[],
  rest: Pick<Evidence, 'sent' | 'log' | 'secrets'>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { node, journal } of files)
    found.push(...faultsOf(await eventsIn(journal)).map((fault) => `${node}: ${fault}`));
  const timeline = merge(await Promise.all(files.map(momentsOf)));
  const sent = await opened(rest.sent, files);
  const evidence: Evidence = { phase: 'calm', timeline, inMemory: [], said: [], given: [], ...rest, sent };
  for (const [name, checker] of Object.entries(CHECKERS)) {
    found.push(...(await checker(evidence)).map((violation) => `${name} ${violation}`));
  }
  return [...found, ...(await audited(files))];
}

/** What an auditor has against the journals that the processes left, and cannot judge of them. */
async function audited(files: readonly JournalFile[]): Promise<readonly string[]> {
  const readers = await Promise.all(files.map(({ journal }) => openJournalReader(journal)));
  try {
    const sources = await Promise.all(readers.map((reader, index) => sqlSource(`${index}`, reader)));
    const { verdict } = judge(await audit(sources, { verifiers: [], brought: [] }), 'test');
    return verdict.verdict === 'CONFORMANT' ? [] : [`audit: ${JSON.stringify(verdict)}`];
  } finally {
    for (const reader of readers) await reader.close();
  }
}
