/** Why a PNE or a PN GW was not believed. The journal tells them apart; to the peer all are 401. */
export const authenticationFailures = [
  'malformed',
  /** In order, but not newer than the newest request of the same sender. */
  'replayed',
  /** The secret or the key does not fit, or what the handshake is bound to was altered. */
  'decryptFailed',
  /** The certificate is in order, but certifies another key than the sender has shown to hold. */
  'wrongKey',
  'chainTooLong',
  'unknownIssuer',
  'badSignature',
  'wrongKeyUsage',
  'notYetValid',
  'expired',
  'revoked',
  /** The certificate is of another device or PN GW. */
  'wrongIdentity',
  'wrongKeyType',
] as const;
