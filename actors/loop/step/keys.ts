import type { Commit } from '../../../journal/port.ts';
import type { Scope } from '../role.ts';

/** Wraps keys for the journal; see `security/keyring.ts`. */
export interface Keyring {
  wrap(id: string, secret: Uint8Array): Uint8Array;
  unwrap(id: string, wrapped: Uint8Array): Uint8Array | null;
}

interface KeyHost {
  readonly journal: { wrappedKey(id: string): Promise<Uint8Array | null> };
  readonly keyring: Keyring;
}

/** The keys that a step puts into the journal and takes out of it, before those that are there. */
export class StepKeys {
  readonly #host: KeyHost;
  /** Null: dropped. */
  readonly #keys = new Map<string, Uint8Array | null>();

  constructor(host: KeyHost) {
    this.#host = host;
  }

  readonly scope: Scope['keys'] = {
    put: (id, secret) => void this.#keys.set(id, secret),
    drop: (id) => void this.#keys.set(id, null),
    get: async (id) => {
      const here = this.#keys.get(id);
      if (here !== undefined) return here;
      const { journal, keyring } = this.#host;
      const wrapped = await journal.wrappedKey(id);
      return wrapped === null ? null : keyring.unwrap(id, wrapped);
    },
  };

  clear(): void {
    this.#keys.clear();
  }

  rows(): Pick<Commit['keys'], 'put' | 'drop'> {
    const { keyring } = this.#host;
    const keys = [...this.#keys];
    return {
      put: keys.flatMap(([id, secret]) => (secret === null ? [] : [{ id, wrapped: keyring.wrap(id, secret) }])),
      drop: keys.flatMap(([id, secret]) => (secret === null ? [id] : [])),
    };
  }
}
