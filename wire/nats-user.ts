import type { Authenticator } from '@nats-io/transport-node';
import { nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { inboxOf } from '../messages/subjects.ts';

/** Who connects to a NATS server, by an nkey: an Ed25519 key pair of which the server knows the public key only. */
export interface NatsUser {
  /** Names the user in the configuration of the server. */
  readonly publicKey: string;
  /** Where answers to its queries come in. */
  readonly inbox: string;
  /** Signs what the server draws for each connection; the seed never leaves. */
  readonly authenticator: Authenticator;
}

/** `S` for seed, `U` for user, then key and checksum in base32. */
const USER_SEED = /^SU[A-Z2-7]{56}$/;

/** @returns null when the text is no seed of a user */
export function natsUser(seed: string): NatsUser | null {
  if (!USER_SEED.test(seed)) return null;
  const bytes = new TextEncoder().encode(seed);
  try {
    const publicKey = nkeys.fromSeed(bytes).getPublicKey();
    return { publicKey, inbox: inboxOf(publicKey), authenticator: nkeyAuthenticator(bytes) };
  } catch {
    return null;
  }
}

/** A new seed. The library draws it from the system's cryptographic random numbers, and takes none of ours. */
export function newNatsSeed(): string {
  return new TextDecoder().decode(nkeys.createUser().getSeed());
}
