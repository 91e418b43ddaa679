import { statSync } from 'node:fs';
import type { Clock } from '../seams/clock.ts';
import type { Log } from '../seams/log.ts';
import type { Certificate } from '../security/pki/certificate.ts';
import type { RevocationList } from '../security/pki/revocation-list.ts';
import { readRevocationFile } from './config/pki.ts';

/** How long a session may go on after its certificate was revoked, when nobody registers meanwhile. */
const LOOK_EVERY_MS = 1_000;

/** How long the session of a device may go on after its certificate has run out: nobody tells when that is. */
const TELL_EVERY_MS = 3_600_000;

/**
 * The operator's revocation lists while the server runs. Whoever asks looks whether the file has changed since it was read
 * (6 us), so a revocation counts from the next registration on; `watch` looks every second, for the sessions that stand.
 *
 * A file that cannot be used leaves the lists before it in force, and is told once.
 */
export class RevocationFile {
  readonly #file: string;
  readonly #trustAnchors: readonly Certificate[];
  readonly #log: Log;
  #lists: readonly RevocationList[];
  #seen: string;
  readonly #listeners: (() => void)[] = [];

  /** @throws ConfigError when the file cannot be used at the start */
  constructor(file: string, trustAnchors: readonly Certificate[], log: Log) {
    this.#file = file;
    this.#trustAnchors = trustAnchors;
    this.#log = log;
    this.#seen = versionOf(file);
    this.#lists = readRevocationFile(file, trustAnchors);
  }

  /** Calls back when other lists are in force, and while it is watched now and then. */
  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }

  /** @returns what ends it */
  watch(clock: Clock): () => void {
    let cancel = (): void => {};
    let toldAtMs = clock.now();
    const later = (): void => {
      cancel = clock.after(LOOK_EVERY_MS, () => {
        this.current();
        if (clock.now() - toldAtMs >= TELL_EVERY_MS) {
          toldAtMs = clock.now();
          this.#tell();
        }
        later();
      });
    };
    later();
    return () => cancel();
  }

  #tell(): void {
    for (const changed of this.#listeners) changed();
  }

  current(): readonly RevocationList[] {
    const version = versionOf(this.#file);
    if (version === this.#seen) return this.#lists;
    this.#seen = version;
    try {
      this.#lists = readRevocationFile(this.#file, this.#trustAnchors);
      const revoked = this.#lists.reduce((sum, list) => sum + list.revoked.size, 0);
      this.#log.info('revocation list read again', { revoked });
      this.#tell();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.error('revocation list cannot be used; the one before stays in force', { error: message });
    }
    return this.#lists;
  }
}

/** What changes when a file is written or replaced. */
function versionOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
