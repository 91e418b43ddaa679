import { createKeyring, type Keyring } from '../../security/keyring.ts';
import { besideKey, KEYRING_KEY, readKek, type Kek } from '../config/kek.ts';
import { UsageError } from '../errors.ts';
import type { OperatorDirectory } from './directory.ts';
import { CHECKPOINT_KEY_FILE } from './files/server.ts';
import { CA_FILES } from './pki-files.ts';

/** The key-encryption key of one principal, and what wraps with it. Null: its key is elsewhere, and so are its secrets. */
export type Ring = { readonly kek: Kek; readonly keyring: Keyring } | null;

/**
 * The key in a key file of the directory; a new one where neither the file is there nor any secret that is under it.
 * @param secrets files that are under it
 * @throws UsageError on a key file that cannot be used
 */
export function ringOf(
  directory: OperatorDirectory,
  keyFile: string,
  detail: string,
  secrets: readonly string[],
): Ring {
  const path = directory.path(keyFile);
  if (!directory.has(keyFile) && secrets.some((file) => directory.isEncrypted(file))) {
    directory.note('differs', keyFile, `is not here, so ${secrets.join(' and ')} cannot be read`);
    return null;
  }
  directory.keyFile(keyFile, detail);
  return ringUnder(directory, readKek(path, {}));
}

/** Of the operator: the variable stands in the place of all these key files. */
export function operatorRings(
  directory: OperatorDirectory,
  keyringKey: string | undefined,
): { readonly server: () => Ring; readonly authority: () => Ring; readonly checkpoint: () => Ring } {
  const given = keyringKey === undefined ? null : ringUnder(directory, readKek(null, { keyringKey }));
  const once = (make: () => Ring): (() => Ring) => {
    let made: { readonly ring: Ring } | null = null;
    return () => (made ??= { ring: given ?? make() }).ring;
  };
  return {
    server: once(() =>
      ringOf(directory, 'server.key', 'encrypts the keys, the credentials and the secrets of the server', [
        'server.id-key',
        'server.static.key',
      ]),
    ),
    checkpoint: once(() =>
      ringOf(directory, besideKey(CHECKPOINT_KEY_FILE), 'encrypts the key that signs checkpoints', [
        CHECKPOINT_KEY_FILE,
      ]),
    ),
    authority: once(() => ringOf(directory, CA_FILES.kek, 'encrypts the key of the authority', [CA_FILES.key])),
  };
}

function ringUnder(directory: OperatorDirectory, kek: Kek): Ring {
  const [first, ...also] = kek.keys;
  if (first === undefined) return null;
  return { kek, keyring: createKeyring({ kek: first, also, bytes: directory.bytes }) };
}

/** @throws UsageError where there is none */
export function needed(ring: Ring, file: string): NonNullable<Ring> {
  if (ring === null) throw keyElsewhere(file);
  return ring;
}

export function keyElsewhere(file: string): UsageError {
  return new UsageError(
    `${file} is encrypted, and its key file is not in the operator directory`,
    `Bring the key file back; the key of server and authority may come in ${KEYRING_KEY}.`,
  );
}
