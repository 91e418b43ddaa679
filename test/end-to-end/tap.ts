import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { RecordedEvent } from '../../journal/port.ts';

export interface Message {
  readonly source: string;
  readonly subject: string;
  readonly payload: string;
}

/** Listens to everything on a NATS server, as somebody with access to the operator's network could. */
export class Tap {
  readonly messages: Message[] = [];
  /** Called with each event that is observed, at once. */
  onEvent: (event: RecordedEvent) => void = () => {};
  readonly #wire;

  constructor(servers: string) {
    this.#wire = connectNats({ servers, name: 'tap', log: new RecordedLog() });
  }

  async listen(...patterns: readonly string[]): Promise<void> {
    for (const pattern of patterns) {
      this.#wire.subscribe(pattern, ({ subject, payload }) => {
        const text = new TextDecoder().decode(payload);
        this.messages.push({ source: 'nats', subject, payload: text });
        if (!subject.startsWith('cpns.events.')) return;
        const event: RecordedEvent = JSON.parse(text);
        this.onEvent(event);
      });
    }
    await this.#wire.flush();
  }

  request(subject: string, payload: string): Promise<Uint8Array> {
    return this.#wire.request(subject, payload, { timeoutMs: 60_000 });
  }

  /** Messages on subjects that begin so. */
  on(prefix: string): readonly Message[] {
    return this.messages.filter(({ subject }) => subject.startsWith(prefix));
  }

  close(): Promise<void> {
    return this.#wire.close();
  }
}
