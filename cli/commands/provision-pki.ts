import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { deviceNamed, gatewayNamed, type Principal } from '../../security/pki/identity.ts';
import { id, path } from '../config/fields.ts';
import { readStaticPublicKey, staticKeyIn } from '../config/pki.ts';
import { readSecretFile } from '../config/secret-file.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, parser } from '../options.ts';
import { enrol, refuseOtherCredential } from '../provision/enrol.ts';
import { OperatorDirectory, type Step } from '../provision/directory.ts';
import { filesOf } from '../provision/pki-files.ts';
import { Authority, CERTIFICATE_DAYS } from '../provision/pki.ts';
import { needed } from '../provision/ring.ts';
import { operatorRings, ringOf } from '../provision/operator-rings.ts';

/** Of `cpns provision`, and of the commands below. */
export interface PkiFlags {
  readonly out: string;
  readonly json?: true;
  readonly days?: number;
  readonly publicKey?: string;
  readonly gateway?: true;
}

const days = parser(
  z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a number of days, at most 9999')
    .transform(Number),
);
const anId = parser(id);

type Work = (authority: Authority, directory: OperatorDirectory, flags: PkiFlags) => void;

/** Adds `cpns provision ca`, `issue`, `renew` and `revoke`, all of which work in an operator directory. */
export function addPkiCommands(
  provision: Command,
  host: Host,
  done: (steps: readonly Step[], flags: PkiFlags) => Promise<void>,
): void {
  const work = async (subcommand: Command, act: Work): Promise<void> => {
    const flags = subcommand.optsWithGlobals<PkiFlags>();
    const out = resolve(host.cwd, flags.out);
    if (subcommand.name() !== 'ca' && !OperatorDirectory.isOne(out)) {
      throw new UsageError(
        `${out} is no operator directory`,
        'Make one with cpns provision HOUSEHOLD --out DIRECTORY.',
      );
    }
    const bytes = (length: number): Uint8Array => host.entropy.bytes(length);
    const directory = new OperatorDirectory(out, bytes);
    const rings = operatorRings(directory, host.keyringKey);
    act(new Authority(directory, { nowMs: host.clock.now(), bytes, rings }), directory, flags);
    await done(directory.steps, flags);
  };
  const command = (name: string, summary: string, description: string, ...lines: readonly string[]): Command =>
    provision
      .command(name)
      .summary(summary)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .addHelpText('after', examples(...lines));
  const aboutOne = (subcommand: Command): Command =>
    subcommand
      .argument('<id>', 'device id, or with --gateway the id of a PN GW', anId)
      .option('--gateway', 'it is a PN GW, not a device');

  command(
    'ca',
    'make the authority that certifies devices and PN GWs',
    'Makes ca/ca.key and ca/ca.pem (Ed25519), an empty revocation list, and the static key of the server. ' +
      'An authority that is there, also one made with openssl, is kept.',
    'cpns provision ca --out operator',
  ).action((_: unknown, subcommand: Command) => work(subcommand, () => {}));

  aboutOne(
    command(
      'issue',
      'certify a device or a PN GW',
      'Writes pnes/<device>.pem or gateways/<gateway>.pem, for its key in the operator ' +
        'directory, or for a public key whose private half it keeps to itself. ' +
        'One that the server does not know yet is added to server.credentials.yaml as ' +
        '`pki`; a running server takes it up when it is started again. One that has a ' +
        'pre-shared secret there is refused.',
      'cpns provision issue front-door-lock --out operator',
      'cpns provision issue new-lock --public-key device.pub --days 90 --out operator',
      'cpns provision issue hub-attic --gateway --public-key hub.pub --out operator',
    ),
  )
    .option('--days <number>', 'how long it is valid', days, CERTIFICATE_DAYS)
    .option('--public-key <file>', 'its X25519 key, PEM: openssl pkey -pubout', parser(path))
    .action((name: string, _: unknown, subcommand: Command) =>
      work(subcommand, (authority, directory, flags) => {
        const principal = principalOf(name, flags);
        refuseOtherCredential(directory, principal);
        authority.issue(principal, keyToCertify(principal, directory, flags, host.cwd), flags.days ?? CERTIFICATE_DAYS);
        enrol(directory, principal);
      }),
    );

  aboutOne(
    command(
      'renew',
      'certify a device or a PN GW again, for the same key',
      'Writes its certificate anew, for the key that it certifies already. The earlier one stays valid until it expires. ' +
        'A running PN GW shows the new one when it registers next; a device when it is started next.',
      'cpns provision renew hall-motion --out operator',
      'cpns provision renew hub-hall --gateway --out operator',
    ),
  )
    .option('--days <number>', 'how long it is valid', days, CERTIFICATE_DAYS)
    .action((name: string, _: unknown, subcommand: Command) =>
      work(subcommand, (authority, _directory, flags) =>
        authority.renew(principalOf(name, flags), flags.days ?? CERTIFICATE_DAYS),
      ),
    );

  aboutOne(
    command(
      'revoke',
      'declare the certificates of a device or a PN GW void',
      'Puts every certificate of it that has not expired on the revocation list. A running server goes by it at once.',
      'cpns provision revoke hall-motion --out operator',
      'cpns provision revoke hub-hall --gateway --out operator',
    ),
  ).action((name: string, _: unknown, subcommand: Command) =>
    work(subcommand, (authority, _directory, flags) => authority.revoke(principalOf(name, flags))),
  );
}

function principalOf(name: string, { gateway }: PkiFlags): Principal {
  return gateway === true ? gatewayNamed(name) : deviceNamed(name);
}

/** The key that was given, or that of the operator directory. @throws UsageError, ConfigError */
function keyToCertify(
  principal: Principal,
  directory: OperatorDirectory,
  { publicKey }: PkiFlags,
  cwd: string,
): Uint8Array {
  if (publicKey !== undefined) return readStaticPublicKey(resolve(cwd, publicKey));
  const { key, keyName, kek } = filesOf(principal);
  if (directory.has(key)) {
    const ring = ringOf(directory, kek, `encrypts the keys and secrets of ${principal.id}`, [key]);
    const secret = { file: directory.path(key), name: keyName };
    return staticKeyIn(secret.file, readSecretFile(secret, needed(ring, key).kek).text).publicKey;
  }
  throw new UsageError(
    `There is no key of ${principal.id} in the operator directory: ${key}`,
    'Give its public key with --public-key, or list it in the household with `credential: pki`.',
  );
}
