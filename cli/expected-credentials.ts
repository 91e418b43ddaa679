import type { ServerIdentity } from '../actors/roles/cpns-server/identity.ts';
import { CheckedChains } from '../security/pki/checked-chains.ts';
import { deviceNamed, gatewayNamed, type Principal } from '../security/pki/identity.ts';
import type { CertificateVerdict } from '../security/pki/verify.ts';
import type { ExpectedCredential } from '../security/registration-handshake.ts';
import type { Credential, ServerOptions } from './config/types.ts';
import type { RevocationFile } from './revocation-file.ts';

type Expected = Required<Omit<ServerIdentity, 'idKey' | 'limits' | 'personal'>>;

/**
 * What the server expects of each PN GW and PNE, by what it was provisioned with. A certificate is judged anew each time, by
 * the revocation list of that moment.
 */
export function expectedCredentials(
  { gateways, pnes, certified, pki }: ServerOptions,
  revocation: RevocationFile | null,
): Expected {
  const checked = new CheckedChains(pki?.trustAnchors ?? []);
  const byCertificate = (principal: Principal, at: number): ExpectedCredential => {
    if (pki === null || revocation === null) return { kind: 'none' };
    const { serverKey } = pki;
    const verify = (chain: readonly Uint8Array[]): CertificateVerdict =>
      checked.verify({ chain, revocation: revocation.current(), principal, at });
    return { kind: 'pki', serverKey, verify };
  };
  const expect = (secrets: readonly Credential[], ids: readonly string[], named: (id: string) => Principal) => {
    const pskOf = new Map(secrets.map(({ id, psk }) => [id, psk]));
    const withCertificate = new Set(ids);
    return (id: string, atMs: number): ExpectedCredential => {
      if (withCertificate.has(id)) return byCertificate(named(id), atMs);
      const psk = pskOf.get(id);
      return psk === undefined ? { kind: 'none' } : { kind: 'psk', psk };
    };
  };
  return {
    gatewayCredential: expect(gateways, certified.gateways, gatewayNamed),
    pneCredential: expect(pnes, certified.pnes, deviceNamed),
    onRevocation: (changed) => revocation?.onChange(changed),
  };
}
