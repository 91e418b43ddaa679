import type { Keyring } from '../../security/keyring.ts';
import type { Kek } from '../config/kek.ts';
import { UsageError } from '../errors.ts';
import { KEYRING_KEY } from '../host.ts';

/** The key-encryption key of one principal, and what wraps with it. Null: its key is elsewhere, and so are its secrets. */
export type Ring = { readonly kek: Kek; readonly keyring: Keyring } | null;

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
