import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { systemEntropy } from '../../actors/seams/entropy.ts';
import { openSqliteJournal } from '../../events/journal/sqlite/open.ts';
import { createKeyring, type Keyring } from '../../security/keyring.ts';
import { openFrame, sealFrame, type Session } from '../../security/session.ts';
import { openFloor } from '../journal/floor.ts';

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
  readonly #db: ReturnType<typeof openFloor>;
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
    this.#db = openFloor(file);
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
      const what = [++this.#position, of, version, event.type, 1, JSON.stringify(event.data)] as const;
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

function prepare(db: ReturnType<typeof openFloor>) {
  return {
    event: db.prepare(`insert into events values (${Array(14).fill('?').join(', ')})`),
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

/** NATS without a port around it. */
export class HandWire {
  readonly #connection: NatsConnection;

  static async connect(url: string): Promise<HandWire> {
    return new HandWire(await connect({ servers: [url] }));
  }

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  on(pattern: string, handler: (message: HandMessage, subject: readonly string[]) => void): void {
    this.#connection.subscribe(pattern, {
      callback: (_, { data, subject }) => handler(JSON.parse(new TextDecoder().decode(data)), subject.split('.')),
    });
  }

  send(
    subject: string,
    payload: string,
    { messageId, correlationId }: Pick<HandMessage, 'messageId' | 'correlationId'>,
  ) {
    const carried = headers();
    carried.set('Nats-Msg-Id', messageId);
    carried.set('Cpns-Correlation-Id', correlationId);
    this.#connection.publish(subject, payload, { headers: carried });
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

export function sealConfirmation(session: Session, type: string) {
  const frame = sealFrame(session, 0, new TextEncoder().encode(JSON.stringify({ type })), new Uint8Array(0));
  return { keyId: session.keyId, counter: 0, frame: Buffer.from(frame).toString('base64url') };
}

/** @throws Error unless the frame is the confirmation of that type */
export function openConfirmation(session: Session, frame: string, type: string): void {
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
