import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM. */
  readonly cert: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * A certificate made by the `openssl` command line, as an operator would.
 * @param subjectAltName e.g. `IP:127.0.0.1`; a certificate authority has none
 * @param issuer default: signed by itself
 */
export function certificate(
  folder: string,
  name: string,
  subjectAltName: string | null,
  issuer?: TestCertificate,
): TestCertificate {
  const [certFile, keyFile, configFile] = ['crt', 'pem', 'cnf'].map((suffix) => join(folder, `${name}.${suffix}`));
  if (certFile === undefined || keyFile === undefined || configFile === undefined) throw new Error('three names');
  const extensions =
    subjectAltName === null
      ? 'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign'
      : `basicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = ${subjectAltName}`;
  writeFileSync(configFile, `[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\n${extensions}\n`);
  const signedBy = issuer === undefined ? [] : ['-CA', issuer.certFile, '-CAkey', issuer.keyFile];
  const output = ['-keyout', keyFile, '-out', certFile];
  const args = ['req', '-x509', ...EC, '-days', '2', '-subj', `/CN=${name}`, '-config', configFile];
  execFileSync('openssl', [...args, ...signedBy, ...output], { stdio: ['ignore', 'ignore', 'pipe'] });
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8') };
}
