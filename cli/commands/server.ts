import type { Deliver } from '../../actors/sessions/data/port.ts';
import { Membership } from '../../actors/cluster/membership.ts';
import { RECEIPT_SERVICE, Receipts } from '../../actors/roles/cpns-server/receipts/receipts.ts';
import { Operators } from '../../actors/roles/cpns-server/operators/operators.ts';
import { Sharing } from '../../actors/roles/cpns-server/sharing.ts';
import { startServer } from '../../actors/start.ts';
import { ServerEnd } from '../../actors/services/server-end.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { openChargingStore } from '../../projections/charging/sql.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { answerCharging } from '../charging/answer.ts';
import type { Given } from '../config/settings.ts';
import { loadServerOptions } from '../config/server.ts';
import type { ServerOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import { expectedCredentials } from '../expected-credentials.ts';
import type { Host } from '../host.ts';
import { answerInventory } from '../inventory/answer.ts';
import { answerPersonal } from '../inventory/personal.ts';
import { examples, logOption, setting, type LogFlags, withKeyringKey, type Register } from '../options.ts';
import { answerWaiting } from '../pn/waiting.ts';
import { follow } from '../projections/follow.ts';
import { openRoleProcess, tellPlainFiles } from '../role-process.ts';
import { RevocationFile } from '../revocation-file.ts';
import { run, untilStopped, type Running } from '../run.ts';
import { INVENTORY_QUERY } from '../../messages/subjects.ts';

export const server: Register = (program, host, finish) => {
  program
    .command('server')
    .summary('run the CPNS Server')
    .description(
      'Runs the CPNS Server: authenticates PN GWs and PNEs, allocates CPNS IDs, owns the PN Inventory. Ends on Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config', 'YAML file with the settings and the PNs; relative paths in it start at its folder'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('idKeyFile'))
    .addOption(setting('credentialsFile'))
    .addOption(setting('rekeyAfterMessages'))
    .addOption(setting('rekeyAfterMs'))
    .addOption(setting('graceMs'))
    .addOption(setting('usageIntervalMs'))
    .addOption(setting('usageMessages'))
    .addOption(setting('usageBytes'))
    .addOption(setting('snapshotEvery'))
    .addOption(setting('checkpointKeyFile'))
    .addOption(setting('checkpointEvents'))
    .addOption(setting('checkpointIntervalMs'))
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
  const { seams, journal, wire, log, checkpoints } = await openRoleProcess(
    host,
    running,
    { role: 'cpns-server', name: 'cpns-server', ...options },
    flags,
  );
  const inventory = new InventoryProjection(journal, await openInventoryStore(journal));
  const charging = new ChargingProjection(journal, await openChargingStore(journal));
  follow(host, running, journal, [inventory, charging], log);
  await inventory.catchUp();
  const known = (await inventory.inventory()).map(({ pnId }) => pnId);
  const { pki } = options;
  const revocation = pki === null ? null : new RevocationFile(pki.revocationFile, pki.trustAnchors, log);
  const identity = {
    idKey: options.idKey,
    limits: options.limits,
    personal: options.personal,
    ...expectedCredentials(options, revocation),
  };
  const services = new ServerEnd(
    { wire, log, clock: host.clock, entropy: host.entropy },
    new Map(options.services.map(({ id, psk }) => [id, psk])),
  );
  const receipts = checkpoints === null ? null : new Receipts({ journal, checkpoints, clock: host.clock, log });
  const own = receipts === null || services.has(RECEIPT_SERVICE) ? null : receipts;
  const deliver: Deliver = (message) =>
    (message.serviceId === RECEIPT_SERVICE && own !== null ? own : services).deliver(message);
  const applications = { deliver, settings: options.session };
  const { leases } = journal;
  const sharing = leases === null ? null : new Sharing(new Membership({ leases, ...host, wire, log }), options.pns);
  const { runtime, session } = await startServer(
    identity,
    options.pns,
    known,
    seams,
    applications,
    options.usage,
    sharing,
  );
  running.onClose('the server', () => runtime.stop());
  if (revocation !== null) running.onClose('the revocation list', revocation.watch(host.clock));
  own?.answerBy((message) => session.send(message));
  services.listen((message) => session.send(message), sharing);
  running.onClose('the services', () => services.stop());
  const operators = new Operators(
    { wire, log, clock: host.clock, entropy: host.entropy },
    new Map(options.operators.map(({ id, psk }) => [id, psk])),
    runtime,
    sharing,
  );
  running.onClose('the operators', () => operators.stop());
  answerWaiting(wire, runtime, options.pns, log);
  answerInventory(wire, INVENTORY_QUERY, inventory, log);
  answerPersonal(wire, seams, log);
  answerCharging(wire, charging, host.clock, log);
  if (options.plainCredentials > 0)
    log.warn('THE FILE OF CREDENTIALS HOLDS SECRETS IN PLAIN', {
      secrets: options.plainCredentials,
      remedy: 'cpns keys wrap encrypts them',
    });
  tellPlainFiles(log, options.secrets.plain);
  log.info('ready', {
    pns: options.pns.length,
    pnes: options.pnes.length + options.certified.pnes.length,
    services: options.services.length,
    position: await seams.journal.head(),
    ...(sharing === null ? {} : { id: sharing.id, servers: sharing.stats.servers }),
  });
  await untilStopped(running.stopped);
  log.info('ending', { ...runtime.stats, ...sharing?.stats });
  return EXIT.ok;
}
