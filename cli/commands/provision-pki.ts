import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { id, path } from '../config/fields.ts';
import { readStaticKey, readStaticPublicKey } from '../config/pki.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { examples, parser } from '../options.ts';
import { OperatorDirectory, type Step } from '../provision/directory.ts';
import { Authority, DEVICE_DAYS, deviceFiles } from '../provision/pki.ts';

/** Of `cpns provision`, and of the commands below. */
export interface PkiFlags {
  readonly out: string;
  readonly json?: true;
  readonly days?: number;
  readonly publicKey?: string;
}

const days = parser(
  z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a number of days, at most 9999')
    .transform(Number),
);
const deviceId = parser(id);

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
    act(new Authority(directory, { nowMs: host.clock.now(), bytes }), directory, flags);
    await done(directory.steps, flags);
  };
  const command = (name: string, summary: string, description: string, ...lines: readonly string[]): Command =>
    provision
      .command(name)
      .summary(summary)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .addHelpText('after', examples(...lines));

  command(
    'ca',
    'make the authority that certifies devices',
    'Makes ca/ca.key and ca/ca.pem (Ed25519), an empty revocation list, and the static key of the server.\n' +
      'An authority that is there, also one made with openssl, is kept.',
    'cpns provision ca --out operator',
  ).action((_: unknown, subcommand: Command) => work(subcommand, () => {}));

  command(
    'issue',
    'certify a device',
    'Writes pnes/<device>.pem, for the key of the device in the operator directory, or for a\n' +
      'public key that the device keeps the private half of. The server knows the device by `pki` in server.credentials.yaml.',
    'cpns provision issue hall-motion --out operator',
    'cpns provision issue hall-motion --public-key device.pub --days 90 --out operator',
  )
    .argument('<device>', 'device id', deviceId)
    .option('--days <number>', 'how long it is valid', days, DEVICE_DAYS)
    .option('--public-key <file>', 'X25519 key of the device, PEM: openssl pkey -pubout', parser(path))
    .action((device: string, _: unknown, subcommand: Command) =>
      work(subcommand, (authority, directory, flags) => {
        const { publicKey } = flags;
        if (publicKey === undefined && !directory.has(deviceFiles(device).key)) {
          throw new UsageError(
            `There is no key of ${device} in the operator directory`,
            'Give its public key with --public-key, or list the device in the household with `credential: pki`.',
          );
        }
        const certified =
          publicKey === undefined
            ? readStaticKey(directory.path(deviceFiles(device).key)).publicKey
            : readStaticPublicKey(resolve(host.cwd, publicKey));
        authority.issue(device, certified, flags.days ?? DEVICE_DAYS);
      }),
    );

  command(
    'renew',
    'certify a device again, for the same key',
    'Writes pnes/<device>.pem anew, for the key that it certifies already. The earlier one stays valid until it expires.',
    'cpns provision renew hall-motion --out operator',
  )
    .argument('<device>', 'device id', deviceId)
    .option('--days <number>', 'how long it is valid', days, DEVICE_DAYS)
    .action((device: string, _: unknown, subcommand: Command) =>
      work(subcommand, (authority, _directory, flags) => authority.renew(device, flags.days ?? DEVICE_DAYS)),
    );

  command(
    'revoke',
    'declare the certificates of a device void',
    'Puts every certificate of a device that has not expired on the revocation list. A running server goes by it at once.',
    'cpns provision revoke hall-motion --out operator',
  )
    .argument('<device>', 'device id', deviceId)
    .action((device: string, _: unknown, subcommand: Command) =>
      work(subcommand, (authority) => authority.revoke(device)),
    );
}
