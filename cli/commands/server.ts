import type { ServerIdentity } from '../../actors/roles/cpns-server.ts';
import { startServer } from '../../actors/roles/start.ts';
import type { Log } from '../../actors/seams/log.ts';
import { INVENTORY_QUERY } from '../../actors/wire/queries.ts';
import { verifyDeviceCertificate, type CertificateVerdict } from '../../security/pki/verify.ts';
import type { Given } from '../config/settings.ts';
import { loadServerOptions } from '../config/server.ts';
import type { Credential, ServerOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { answerInventory } from '../inventory/answer.ts';
import { examples, logOption, setting, type LogFlags, withKeyringKey, type Register } from '../options.ts';
import { openRoleProcess } from '../role-process.ts';
import { RevocationFile } from '../revocation-file.ts';
import { run, untilStopped, type Running } from '../run.ts';

export const server: Register = (program, host, finish) => {
  program
    .command('server')
    .summary('run the CPNS Server')
    .description(
      'Runs the CPNS Server: authenticates PNEs, allocates CPNS IDs, owns the PN Inventory. Ends on Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config', 'YAML file with the settings and the PNs; relative paths in it start at its folder'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('idKeyFile'))
    .addOption(setting('credentialsFile'))
    .addOption(logOption())
    .addHelpText(
      'after',
      examples(
        'cpns server --config operator/server.yaml',
        'CPNS_NATS=nats://10.0.0.5:4222 cpns server --config operator/server.yaml',
      ),
    )
    .action(async (flags: Given & LogFlags) => {
      const options = loadServerOptions(withKeyringKey(flags, host), host.cwd);
      finish(await run(host, (running) => serve(host, running, options, flags)));
    });
};

async function serve(host: Host, running: Running, options: ServerOptions, flags: LogFlags): Promise<number> {
  const { seams, wire, log, inventory } = await openRoleProcess(
    host,
    running,
    { role: 'cpns-server', name: 'cpns-server', ...options },
    flags,
  );
  await inventory.catchUp();
  const known = (await inventory.inventory()).map(({ pnId }) => pnId);
  const identity = {
    idKey: options.idKey,
    gatewaySecret: secrets(options.gateways),
    pneCredential: pneCredentials(options, log),
  };
  const runtime = await startServer(identity, options.pns, known, seams);
  running.onClose('the server', () => runtime.stop());
  answerInventory(wire, INVENTORY_QUERY, inventory, log);
  log.info('ready', {
    pns: options.pns.length,
    pnes: options.pnes.length + options.certified.length,
    position: await seams.journal.head(),
  });
  await untilStopped(running.stopped);
  log.info('ending', { ...runtime.stats });
  return EXIT.ok;
}

/** By what each PNE was provisioned with; a certificate is judged anew each time, by the revocation list of that moment. */
function pneCredentials({ pnes, certified, pki }: ServerOptions, log: Log): ServerIdentity['pneCredential'] {
  const pskOf = secrets(pnes);
  const byCertificate = new Set(certified);
  const revocation = pki === null ? null : new RevocationFile(pki.revocationFile, pki.trustAnchors, log);
  return (deviceId, at) => {
    if (pki === null || revocation === null || !byCertificate.has(deviceId)) {
      const psk = pskOf(deviceId);
      return psk === null ? { kind: 'none' } : { kind: 'psk', psk };
    }
    const { serverKey, trustAnchors } = pki;
    const verify = (chain: readonly Uint8Array[]): CertificateVerdict =>
      verifyDeviceCertificate({ chain, trustAnchors, revocation: revocation.current(), deviceId, at });
    return { kind: 'pki', serverKey, verify };
  };
}

function secrets(credentials: readonly Credential[]): (id: string) => Uint8Array | null {
  const known = new Map(credentials.map(({ id, psk }) => [id, psk]));
  return (id) => known.get(id) ?? null;
}
