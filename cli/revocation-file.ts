import { statSync } from 'node:fs';
import type { Log } from '../actors/seams/log.ts';
import type { Certificate } from '../security/pki/certificate.ts';
import type { RevocationList } from '../security/pki/revocation-list.ts';
import { readRevocationFile } from './config/pki.ts';

/**
 * The operator's revocation lists while the server runs. Whoever asks looks whether the file has changed since it was read
 * (6 us), so a revocation counts from the next registration on: no signal, no timer.
 *
 * A file that cannot be used leaves the lists before it in force, and is told once.
 */
export class RevocationFile {
  readonly #file: string;
  readonly #trustAnchors: readonly Certificate[];
  readonly #log: Log;
  #lists: readonly RevocationList[];
  #seen: string;

  /** @throws ConfigError when the file cannot be used at the start */
  constructor(file: string, trustAnchors: readonly Certificate[], log: Log) {
    this.#file = file;
    this.#trustAnchors = trustAnchors;
    this.#log = log;
    this.#seen = versionOf(file);
    this.#lists = readRevocationFile(file, trustAnchors);
  }

  current(): readonly RevocationList[] {
    const version = versionOf(this.#file);
    if (version === this.#seen) return this.#lists;
    this.#seen = version;
    try {
      this.#lists = readRevocationFile(this.#file, this.#trustAnchors);
      const revoked = this.#lists.reduce((sum, list) => sum + list.revoked.size, 0);
      this.#log.info('revocation list read again', { revoked });
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
