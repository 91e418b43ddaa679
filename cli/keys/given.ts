import { createKeyring, type Keyring } from '../../security/keyring.ts';
import { readKek } from '../config/kek.ts';
import { loadKeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import type { Host } from '../host.ts';

/** A keyring of the key-encryption key that was given, whichever journal it belongs to; null where none was. @throws UsageError */
export function givenKeyring(host: Host, flags: Given): Keyring | null {
  const { keyFile } = loadKeysOptions(flags, host.cwd);
  const kek = keyFile === null && flags.keyringKey === undefined ? null : readKek(keyFile, flags);
  const [first, ...also] = kek?.keys ?? [];
  const bytes = (length: number): Uint8Array => host.entropy.bytes(length);
  return first === undefined ? null : createKeyring({ kek: first, also, bytes });
}
