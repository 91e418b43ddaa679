import type { RecordedEvent } from '../../../../journal/port.ts';
import type { NoteSigner } from '../../../../security/transparency/note-key.ts';
import type { JournalSeams } from '../journal-actor.ts';
import type { Log } from '../../../../seams/log.ts';
import { signCheckpoint } from './checkpoint.ts';
import { recordState } from './stream.ts';
import { RECORD_STREAM } from '../../../../machines/streams.ts';

/** When a running role signs a checkpoint: whichever comes first, and only where there is something new. */
export interface CheckpointSettings {
  /** Events since the newest checkpoint. */
  readonly events: number;
  /** Time since the first event that no checkpoint covers. */
  readonly intervalMs: number;
}

export const DEFAULT_CHECKPOINT_SETTINGS: CheckpointSettings = { events: 10_000, intervalMs: 600_000 };

/** Asked for receipts all the time, a role signs no more often than this. */
const ON_DEMAND_MS = 2_000;

/** A signed note, and how many events it covers. */
export interface Note {
  readonly size: number;
  readonly note: string;
}

/**
 * Signs the journal of a running role now and then, and when it ends. Beside the loop: it hears of commits after they
 * are durable, and a checkpoint is one commit more. Several processes on one journal share the work: each counts from the
 * newest checkpoint of anybody, and where two sign at once the later one is refused by its expected version.
 */
export class Checkpoints {
  readonly #seams: JournalSeams & { readonly log: Log };
  readonly #signer: NoteSigner;
  readonly #settings: CheckpointSettings;
  readonly #unlisten: () => void;
  #latest: Note;
  /** Events that no checkpoint covers, as far as this process was told. */
  #uncovered: number;
  #cancel: (() => void) | null = null;
  #signing: Promise<void> | null = null;
  #demanded: Promise<void> | null = null;
  /** `failed`: it is tried again when the interval is over, not at each commit. */
  #state: 'well' | 'failed' | 'ended' = 'well';
  /** When a checkpoint may be signed on demand again. */
  #nextOnDemandAt = 0;

  static async start(
    seams: JournalSeams & { readonly log: Log },
    signer: NoteSigner,
    settings: CheckpointSettings,
  ): Promise<Checkpoints> {
    const { size, note } = (await recordState(seams.journal)).context;
    const head = await seams.journal.head();
    return new Checkpoints(seams, signer, settings, { size, note: note ?? '' }, head);
  }

  private constructor(
    seams: JournalSeams & { readonly log: Log },
    signer: NoteSigner,
    settings: CheckpointSettings,
    latest: Note,
    head: number,
  ) {
    this.#seams = seams;
    this.#signer = signer;
    this.#settings = settings;
    this.#latest = latest;
    this.#uncovered = Math.max(0, head - latest.size - 1);
    this.#unlisten = seams.journal.onCommit((events) => this.#heard(events));
    this.#consider();
  }

  /**
   * The newest checkpoint that covers a position; one is signed for it if need be, and shared by all who wait for it.
   * @returns null where it could not be signed
   */
  async covering(position: number): Promise<Note | null> {
    // The first may be one that is under way, and was begun before the event came.
    for (let attempt = 0; attempt < 2 && this.#latest.size < position && this.#state !== 'ended'; attempt++) {
      this.#demanded ??= this.#signSoon().finally(() => (this.#demanded = null));
      await this.#demanded;
    }
    return this.#latest.size >= position ? this.#latest : null;
  }

  /** Signs what there is, and nothing afterwards. */
  async stop(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#unlisten();
    this.#cancel?.();
    await this.#signing;
    await this.#sign();
    this.#state = 'ended';
  }

  async #signSoon(): Promise<void> {
    const { clock } = this.#seams;
    const waitMs = this.#nextOnDemandAt - clock.now();
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    if (this.#state === 'ended') return;
    this.#nextOnDemandAt = clock.now() + ON_DEMAND_MS;
    await this.#sign();
  }

  #heard(events: readonly RecordedEvent[]): void {
    for (const { stream, type, data, position } of events) {
      const { size, note } = data;
      if (stream !== RECORD_STREAM || type !== 'CheckpointSigned') this.#uncovered += 1;
      // Others may have committed between the tree that was signed and its event.
      else if (typeof size === 'number' && typeof note === 'string') this.#covered({ size, note }, position - 1 - size);
    }
    this.#consider();
  }

  #covered({ size, note }: Note, uncovered: number): void {
    if (size >= this.#latest.size) this.#latest = { size, note };
    this.#uncovered = uncovered;
    this.#cancel?.();
    this.#cancel = null;
  }

  #consider(): void {
    if (this.#uncovered === 0 || this.#state === 'ended') return;
    if (this.#uncovered >= this.#settings.events && this.#state === 'well') void this.#sign();
    this.#cancel ??= this.#seams.clock.after(this.#settings.intervalMs, () => {
      this.#cancel = null;
      void this.#sign();
    });
  }

  /** Never rejects: a role works on without a checkpoint, and its operator is told. */
  #sign(): Promise<void> {
    this.#signing ??= this.#attempt().finally(() => {
      this.#signing = null;
      this.#consider();
    });
    return this.#signing;
  }

  async #attempt(): Promise<void> {
    const { log } = this.#seams;
    try {
      const signed = await signCheckpoint(this.#seams, this.#signer);
      if (signed?.kind === 'standing') this.#covered(signed, 0);
      if (signed?.kind === 'fresh') {
        // How much it covers, whoever signed it is told as all others are: with its event.
        this.#latest = { size: signed.size, note: signed.note };
        log.info('checkpoint signed', { events: signed.size });
      }
      this.#state = 'well';
    } catch (error) {
      this.#state = 'failed';
      log.error('no checkpoint could be signed', { error: error instanceof Error ? error.message : String(error) });
    }
  }
}
