import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { systemEntropy } from '../../seams/entropy.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { createKeyring, type Keyring } from '../../security/keyring.ts';
import { frameCounter, ReplayWindow, type FrameNumber } from '../../security/replay-window.ts';
import { openFrame, sealFrame, type SessionKeys } from '../../security/session.ts';
import { openByHand } from '../journal/sqlite.ts';

/**
 * What somebody writes by hand over `node:sqlite` and a NATS client: the rows and messages of this software, without
 * charts, schemas, checks, or a journal of their own. Each process of the floor is a screen of closures over maps.
 */

/** The rows of one step. Columns in the order of the tables. */
export interface Rows {
  readonly stream: string;
  readonly messageId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  /** Stream (the step's own when absent), chart, type, step of the change request, data. */
  readonly events: readonly {
    readonly stream?: string;
    readonly chart: string;
    readonly type: string;
    readonly crStep: string | null;
    /** Schema version; 1 when absent. */
    readonly schemaVersion?: number;
    readonly data: object;
  }[];
  readonly consumed?: string;
  readonly settle?: string;
  readonly put?: { readonly id: string; readonly subject: string; readonly payload: string };
  readonly answer?: { readonly messageId: string; readonly subject: string; readonly payload: string };
  readonly disarm?: string;
  readonly arm?: { readonly name: string; readonly dueAt: number; readonly event: object };
  readonly dropKey?: string;
  readonly putKey?: { readonly id: string; readonly wrapped: Uint8Array };
}

const CHART_HASH = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';

/** Group commit: the steps of one turn of the event loop share a transaction; what follows a step runs after it. */
export class HandJournal {
  readonly #role: string;
  readonly #db: ReturnType<typeof openByHand>;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #versions = new Map<string, number>();
  #queue: { readonly rows: Rows; readonly after: () => void }[] = [];
  #position = 0;
  #outboxSeq = 0;

  static async open(file: string, role: string): Promise<HandJournal> {
    // Only for the tables.
    await (await openSqliteJournal(file)).close();
    return new HandJournal(file, role);
  }

  private constructor(file: string, role: string) {
    this.#role = role;
    this.#db = openByHand(file);
    this.#statements = prepare(this.#db);
  }

  commit(rows: Rows, after: () => void): void {
    this.#queue.push({ rows, after });
    if (this.#queue.length === 1) setImmediate(() => this.#write());
  }

  close(): void {
    this.#db.close();
  }

  #write(): void {
    const batch = this.#queue;
    this.#queue = [];
    this.#db.exec('begin immediate');
    for (const { rows } of batch) this.#insert(rows);
    this.#statements.head.run(this.#position, this.#outboxSeq);
    this.#db.exec('commit');
    for (const { after } of batch) after();
  }

  #insert(rows: Rows): void {
    const { stream, messageId, correlationId, causationId } = rows;
    const s = this.#statements;
    const recordedAt = new Date().toISOString();
    const first = this.#position + 1;
    for (const event of rows.events) {
      const of = event.stream ?? stream;
      const version = (this.#versions.get(of) ?? 0) + 1;
      this.#versions.set(of, version);
      const what = [
        ++this.#position,
        of,
        version,
        event.type,
        event.schemaVersion ?? 1,
        JSON.stringify(event.data),
      ] as const;
      const why = [messageId, correlationId, causationId, this.#role, event.chart, CHART_HASH] as const;
      s.event.run(...what, ...why, event.crStep, recordedAt);
    }
    const { consumed, settle, put, answer, disarm, arm, dropKey, putKey } = rows;
    if (consumed !== undefined) s.inbox.run(consumed, first, rows.events.length);
    if (settle !== undefined) s.settle.run(settle);
    if (put !== undefined) s.put.run(++this.#outboxSeq, put.id, stream, put.subject, put.payload, correlationId);
    if (answer !== undefined) {
      s.answer.run(consumed ?? '', answer.messageId, answer.subject, answer.payload, correlationId);
    }
    if (disarm !== undefined) s.disarm.run(stream, disarm);
    if (arm !== undefined) s.arm.run(stream, arm.name, arm.dueAt, JSON.stringify(arm.event), correlationId);
    if (dropKey !== undefined) s.dropKey.run(dropKey);
    if (putKey !== undefined) s.putKey.run(putKey.id, putKey.wrapped);
  }
}

/** All but the leaf of the Merkle tree, which nobody keeps by hand. */
const EVENT_COLUMNS = `position, stream, version, type, schema_version, data, message_id, correlation_id, causation_id, role,
  chart_id, chart_hash, cr_step, recorded_at`;

function prepare(db: ReturnType<typeof openByHand>) {
  return {
    event: db.prepare(`insert into events (${EVENT_COLUMNS}) values (${Array(14).fill('?').join(', ')})`),
    head: db.prepare('update head set position = ?, outbox_seq = ?'),
    inbox: db.prepare('insert into inbox values (?, ?, ?)'),
    settle: db.prepare('delete from outbox where id = ?'),
    put: db.prepare('insert into outbox values (?, ?, ?, ?, ?, ?)'),
    answer: db.prepare('insert into answers values (?, ?, ?, ?, ?)'),
    disarm: db.prepare('delete from timers where stream = ? and name = ?'),
    arm: db.prepare('insert or replace into timers values (?, ?, ?, ?, ?)'),
    dropKey: db.prepare('delete from keys where id = ?'),
    putKey: db.prepare('insert or replace into keys values (?, ?)'),
  };
}

export interface HandMessage {
  readonly type: string;
  readonly messageId: string;
  readonly correlationId: string;
  readonly inReplyTo: string | null;
  readonly body: Readonly<Record<string, string>>;
}

/** The session between PN GW and CPNS Server: nobody registers a PN GW on the floor. */
export function wanSession(role: SessionKeys['role']): SessionKeys {
  const [ups, downs] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [sendKey, receiveKey] = role === 'initiator' ? [ups, downs] : [downs, ups];
  return { keyId: 'the-wan-of-the-floor--', role, sendKey, receiveKey };
}

/** NATS without a port around it. What goes over the WAN is sealed as ours is: the same cryptography, the same window. */
export class HandWire {
  readonly #connection: NatsConnection;
  readonly #session: SessionKeys | null;
  readonly #window = new ReplayWindow();
  #counter = 0;

  static async connect(url: string, session: SessionKeys | null = null): Promise<HandWire> {
    return new HandWire(await connect({ servers: [url] }), session);
  }

  private constructor(connection: NatsConnection, session: SessionKeys | null) {
    this.#connection = connection;
    this.#session = session;
  }

  on(pattern: string, handler: (message: HandMessage, subject: readonly string[]) => void): void {
    this.#connection.subscribe(pattern, {
      callback: (_, { data, subject }) => {
        const plain = subject.startsWith('cpns.wan.') ? this.#open(subject, data) : data;
        if (plain !== null) handler(JSON.parse(new TextDecoder().decode(plain)), subject.split('.'));
      },
    });
  }

  #open(subject: string, data: Uint8Array): Uint8Array | null {
    const sealed: FrameNumber & { readonly frame: string } = JSON.parse(new TextDecoder().decode(data));
    const { start, counter, frame } = sealed;
    if (this.#session === null || !this.#window.isNew({ start, counter })) return null;
    const bound = new TextEncoder().encode(subject);
    const plain = openFrame(this.#session, frameCounter({ start, counter }), Buffer.from(frame, 'base64url'), bound);
    if (plain !== null) this.#window.accept({ start, counter });
    return plain;
  }

  #seal(session: SessionKeys, subject: string, payload: string): string {
    const number = { start: 1, counter: this.#counter++ };
    const bound = new TextEncoder().encode(subject);
    const frame = sealFrame(session, frameCounter(number), new TextEncoder().encode(payload), bound);
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64url');
    return JSON.stringify({ v: 1, keyId: session.keyId, ...number, frame: text });
  }

  send(
    subject: string,
    payload: string,
    { messageId, correlationId }: Pick<HandMessage, 'messageId' | 'correlationId'>,
  ) {
    const carried = headers();
    carried.set('Nats-Msg-Id', messageId);
    carried.set('Cpns-Correlation-Id', correlationId);
    const isWan = this.#session !== null && subject.startsWith('cpns.wan.');
    const sent = isWan ? this.#seal(this.#session, subject, payload) : payload;
    this.#connection.publish(subject, sent, { headers: carried });
  }

  async flush(): Promise<void> {
    await this.#connection.flush();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

export function encode({ type, messageId, correlationId, inReplyTo }: Omit<HandMessage, 'body'>, body: object): string {
  return JSON.stringify({ v: 1, type, messageId, correlationId, inReplyTo, body });
}

export function sealConfirmation(session: SessionKeys, type: string) {
  const frame = sealFrame(session, 0, new TextEncoder().encode(JSON.stringify({ type })), new Uint8Array(0));
  return { keyId: session.keyId, counter: 0, frame: Buffer.from(frame).toString('base64url') };
}

/** @throws Error unless the frame is the confirmation of that type */
export function openConfirmation(session: SessionKeys, frame: string, type: string): void {
  const text = openFrame(session, 0, Buffer.from(frame, 'base64url'), new Uint8Array(0));
  if (text === null || JSON.parse(new TextDecoder().decode(text)).type !== type)
    throw new Error('a false confirmation');
}

/** Keys are wrapped at rest as ours are: the same cryptography. */
export function handKeyring(): Keyring {
  return createKeyring({ kek: systemEntropy.bytes(32), bytes: (length) => systemEntropy.bytes(length) });
}

/** Says that the process is ready, and waits for the end of its standard input. */
export async function untilEnd(): Promise<void> {
  process.stdout.write('ready\n');
  for await (const _ of process.stdin);
}
