import { createKeyring } from '../../security/keyring.ts';
import { besideKey, readKek, type Kek } from '../config/kek.ts';
import type { OperatorDirectory } from './directory.ts';
import { CHECKPOINT_KEY_FILE } from './files/server.ts';
import { CA_FILES } from './pki-files.ts';
import type { Ring } from './ring.ts';

/** The key-encryption keys in the operator directory. */

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
