import type { JournalReader } from '../../events/journal/port.ts';
import type { JournalNote } from '../protocol/answers.ts';

/** A journal that the inspector shows. It is only ever read. */
export interface Source {
  /** Unique among the sources; `[a-z0-9_.-]{1,64}`. */
  readonly name: string;
  readonly kind: JournalNote['kind'];
  /** The journal, or null while it is not there yet. @throws JournalError */
  open(): Promise<Pick<JournalReader, 'head' | 'readAll' | 'readStream'> | null>;
}
