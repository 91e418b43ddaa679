/** The `openssl` command line as the stranger that certificates are held against. Every file of a bench is in one folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromPem } from '../../../security/pki/pem.ts';

export interface Certified {
  readonly name: string;
  readonly certificate: Uint8Array;
}

export class OpenSsl {
  readonly folder = mkdtempSync(join(tmpdir(), 'cpns-openssl-'));

  run(...args: readonly string[]): string {
    return execFileSync('openssl', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  write(file: string, content: string | Uint8Array): void {
    writeFileSync(join(this.folder, file), content);
  }

  der(file: string): Uint8Array {
    const [der] = fromPem('CERTIFICATE', this.read(file));
    if (der === undefined) throw new Error(`${file} holds no certificate`);
    return der;
  }

  /** `<name>.key`, `<name>.pub` */
  key(name: string, algorithm: 'ed25519' | 'x25519' | 'p256' | 'rsa'): void {
    const args = {
      ed25519: ['-algorithm', 'ED25519'],
      x25519: ['-algorithm', 'X25519'],
      p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    }[algorithm];
    this.run('genpkey', ...args, '-out', `${name}.key`);
    this.run('pkey', '-in', `${name}.key`, '-pubout', '-out', `${name}.pub`);
  }

  /** A root that signs itself: `<name>.key`, `<name>.pem`. */
  authority(name: string, algorithm: 'ed25519' | 'p256' | 'rsa', ...more: readonly string[]): Certified {
    this.key(name, algorithm);
    const subject = ['-subj', `/CN=${name}`];
    this.run(
      'req',
      '-x509',
      '-new',
      '-key',
      `${name}.key`,
      ...subject,
      '-days',
      '3650',
      '-out',
      `${name}.pem`,
      ...more,
    );
    return { name, certificate: this.der(`${name}.pem`) };
  }

  /** What `openssl x509 -req -force_pubkey` makes for a key that cannot sign a request: `<name>.pem`. */
  certify(name: string, issuer: string, extensions: readonly string[], days = 30): Certified {
    const [borrowed, request] = [`${name}-borrowed.key`, `${name}.csr`];
    this.run('genpkey', '-algorithm', 'ED25519', '-out', borrowed);
    this.run('req', '-new', '-key', borrowed, '-subj', `/CN=${name}`, '-out', request);
    this.write(`${name}.ext`, extensions.join('\n'));
    const signer = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-days', String(days)];
    const subject = ['-force_pubkey', `${name}.pub`, '-extfile', `${name}.ext`];
    this.run('x509', '-req', '-in', request, ...signer, ...subject, '-out', `${name}.pem`);
    return { name, certificate: this.der(`${name}.pem`) };
  }

  /** A device with an X25519 key and the usual two lines of extensions. */
  device(name: string, issuer: string, deviceId = name): Certified {
    this.key(name, 'x25519');
    return this.certify(name, issuer, [
      `subjectAltName=URI:urn:cpns:device:${deviceId}`,
      'keyUsage=critical,keyAgreement',
    ]);
  }

  /** `openssl ca -revoke` for each, then `openssl ca -gencrl`: the DER of the list. */
  revocationList(issuer: string, revoked: readonly string[]): Uint8Array {
    this.write('index.txt', '');
    this.write('crlnumber', '01\n');
    const config = ['[ca]', 'default_ca=d', '[d]', 'database=index.txt', 'crlnumber=crlnumber', 'default_md=default'];
    this.write('ca.conf', [...config, 'default_crl_days=30', ''].join('\n'));
    const ca = ['ca', '-config', 'ca.conf', '-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`];
    for (const name of revoked) this.run(...ca, '-revoke', `${name}.pem`, '-crl_reason', 'keyCompromise');
    this.run(...ca, '-gencrl', '-out', 'crl.pem');
    const [der] = fromPem('X509 CRL', this.read('crl.pem'));
    if (der === undefined) throw new Error('openssl wrote no list');
    return der;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
