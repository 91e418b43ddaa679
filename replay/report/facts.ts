import { RESPONSE_CODE_VALUES } from '../../events/codes.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { partyOf, type Recorded } from '../trace/messages.ts';
import { wordsOf } from '../trace/words.ts';
import type { Party } from '../../events/parties.ts';

/** What a report tells of the events themselves, whatever their verdict. */
export interface Facts {
  readonly events: number;
  /** By journal, in the order in which they were first told of. */
  readonly byJournal: ReadonlyMap<string, number>;
  /** By who recorded it and its type. */
  readonly byType: ReadonlyMap<string, number>;
  /** Outcomes of registrations by response code, as the one nearest to the server told them. */
  readonly outcomes: ReadonlyMap<number, number>;
  readonly outcomesBy: Party | null;
  readonly timeline: Timeline;
  /** Times from a PNE's request to its answer, milliseconds, ascending, of the first `MAX_LATENCIES`. */
  readonly latencies: readonly number[];
  readonly failures: Listed;
  readonly keys: Listed;
}

/** Rows in the order of the journals; `total` counts those that are not shown as well. */
export interface Listed {
  readonly total: number;
  readonly rows: readonly ListedEvent[];
}

export interface ListedEvent {
  readonly journal: string;
  readonly position: number;
  readonly recordedAt: string;
  readonly party: Party | null;
  readonly stream: string;
  readonly type: string;
  readonly says: string;
  readonly correlationId: string;
}

export interface Timeline {
  /** Milliseconds since 1970 UTC; equal where there is one moment only. */
  readonly from: number;
  readonly to: number;
  readonly buckets: readonly Bucket[];
}

export interface Bucket {
  readonly events: number;
  readonly registered: number;
  readonly refused: number;
}

/** Rows of a list that a person can still read, and a browser still shows at once. */
export const MAX_LISTED = 500;
export const MAX_LATENCIES = 100_000;
const BUCKETS = 60;

/** Types that tell of a failure or a refusal. */
const FAILURES: ReadonlySet<string> = new Set([
  'PneAuthenticationFailed',
  'GatewayAuthenticationFailed',
  'RegistrationDenied',
  'RegistrationRefused',
  'AdmissionRefused',
  'MessageRefused',
  'PairingRefused',
  'PairingTimedOut',
  'RegistrationTimedOut',
  'GatewayRegistrationRefused',
  'GatewayRegistrationTimedOut',
  'PnEstablishmentRefused',
  'LateAnswerReceived',
]);

/** Types that tell of keys, of certificates that count no longer, and of the journal itself. */
const KEYS: ReadonlySet<string> = new Set([
  'KeyringCreated',
  'KeyRotationStarted',
  'KeyEncryptionKeyRotated',
  'KeyDestroyed',
  'SecureSessionClosed',
  'GatewaySessionClosed',
  'GatewaySessionLost',
  'CheckpointSigned',
  'DurabilityObserved',
]);

/** Who tells how registrations ended: the first of these of whom there is a journal. */
const TELLERS: readonly { readonly party: Party; readonly types: ReadonlySet<string> }[] = [
  { party: 'CPNS Server', types: new Set(['RegistrationAnswered']) },
  { party: 'PN GW', types: new Set(['ResponseForwarded']) },
  { party: 'PNE', types: new Set(['RegistrationAccepted', 'RegistrationRefused']) },
];

/** Gathers the facts while events are told, of each journal in its order. What it keeps is bounded. */
export class FactsGatherer {
  readonly #span: { readonly from: number; readonly to: number };
  readonly #byJournal = new Map<string, number>();
  readonly #byType = new Map<string, number>();
  readonly #outcomes = new Map<Party, Map<number, number>>();
  readonly #buckets: { events: number; registered: number; refused: number }[];
  readonly #failures: { total: number; rows: ListedEvent[] } = { total: 0, rows: [] };
  readonly #keys: { total: number; rows: ListedEvent[] } = { total: 0, rows: [] };
  readonly #asked = new Map<string, number>();
  readonly #latencies: number[] = [];
  #events = 0;

  /** @param span first and last moment of all journals, milliseconds since 1970 UTC */
  constructor(span: { readonly from: number; readonly to: number }) {
    this.#span = span;
    this.#buckets = Array.from({ length: BUCKETS }, () => ({ events: 0, registered: 0, refused: 0 }));
  }

  take({ journal, event }: Recorded): void {
    const party = partyOf(event);
    this.#events += 1;
    add(this.#byJournal, journal);
    add(this.#byType, `${party ?? event.meta.role} ${event.type}`);
    const bucket = this.#bucketOf(event);
    if (bucket !== undefined) bucket.events += 1;
    if (FAILURES.has(event.type)) list(this.#failures, journal, event);
    if (KEYS.has(event.type)) list(this.#keys, journal, event);
    if (party === 'PNE') this.#time(event);
    const teller = TELLERS.find((each) => each.party === party && each.types.has(event.type));
    const code = RESPONSE_CODE_VALUES.find((known) => known === event.data['code']);
    if (teller === undefined || code === undefined) return;
    const codes = this.#outcomes.get(teller.party) ?? new Map<number, number>();
    add(codes, code);
    this.#outcomes.set(teller.party, codes);
    if (bucket !== undefined && teller.party === this.#teller?.party) {
      if (code === 200) bucket.registered += 1;
      else bucket.refused += 1;
    }
  }

  /** Journals are told one after the other: the server's has to come first, for its word counts. */
  get #teller(): (typeof TELLERS)[number] | undefined {
    return TELLERS.find(({ party }) => this.#outcomes.has(party));
  }

  facts(): Facts {
    const teller = this.#teller;
    return {
      events: this.#events,
      byJournal: this.#byJournal,
      byType: this.#byType,
      outcomes: (teller === undefined ? undefined : this.#outcomes.get(teller.party)) ?? new Map(),
      outcomesBy: teller?.party ?? null,
      timeline: { ...this.#span, buckets: this.#buckets },
      latencies: this.#latencies.toSorted((a, b) => a - b),
      failures: this.#failures,
      keys: this.#keys,
    };
  }

  #bucketOf({ meta }: RecordedEvent) {
    const { from, to } = this.#span;
    const share = to > from ? (Date.parse(meta.recordedAt) - from) / (to - from) : 0;
    return this.#buckets[Math.min(BUCKETS - 1, Math.max(0, Math.floor(share * BUCKETS)))];
  }

  #time({ type, stream, meta }: RecordedEvent): void {
    if (type === 'RegistrationRequested') this.#asked.set(stream, Date.parse(meta.recordedAt));
    if (type !== 'RegistrationAccepted' && type !== 'RegistrationRefused') return;
    const asked = this.#asked.get(stream);
    this.#asked.delete(stream);
    if (asked === undefined || this.#latencies.length >= MAX_LATENCIES) return;
    this.#latencies.push(Date.parse(meta.recordedAt) - asked);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function list(to: { total: number; rows: ListedEvent[] }, journal: string, event: RecordedEvent): void {
  to.total += 1;
  if (to.rows.length >= MAX_LISTED) return;
  const { position, stream, type, meta } = event;
  const { recordedAt, correlationId } = meta;
  const party = partyOf(event);
  to.rows.push({ journal, position, recordedAt, party, stream, type, says: wordsOf(event), correlationId });
}
