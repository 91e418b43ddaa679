import { Option } from 'commander';
import type { GatewayIdentity } from '../../actors/roles/pn-gateway/identity.ts';
import { startGateway } from '../../actors/start.ts';
import type { Log } from '../../seams/log.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { gatewayPairing } from '../config/fields.ts';
import { loadGatewayOptions } from '../config/gateway.ts';
import { SETTINGS, type Given } from '../config/settings.ts';
import type { GatewayOptions } from '../config/types.ts';
import { EXIT } from '../errors.ts';
import type { Host } from '../host.ts';
import { answerInventory } from '../inventory/answer.ts';
import { examples, logOption, setting, type LogFlags, withKeyringKey, type Register } from '../options.ts';
import { follow } from '../projections/follow.ts';
import { openRoleProcess, tellPlainFiles } from '../role-process.ts';
import { run, untilStopped, type Running } from '../run.ts';
import { gatewayInventoryQuery } from '../../messages/subjects.ts';

export const gateway: Register = (program, host, finish) => {
  program
    .command('gateway')
    .summary('run a PN GW')
    .description(
      'Runs a PN GW: registers with the server, establishes its PNs, forwards what PNEs ask. Ends on Ctrl-C or SIGTERM.',
    )
    .addOption(setting('config'))
    .addOption(setting('nats'))
    .addOption(setting('natsSeedFile'))
    .addOption(setting('natsCa'))
    .addOption(setting('journal'))
    .addOption(setting('keyFile'))
    .addOption(setting('gatewayId'))
    .addOption(setting('pskFile'))
    .addOption(setting('pns'))
    .addOption(
      new Option(SETTINGS.pairing.flag, 'whether strangers may be paired (default: permitted)')
        .choices(gatewayPairing.options)
        .env(SETTINGS.pairing.env),
    )
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
        'cpns gateway --config operator/gateways/hub-hall.yaml',
        'cpns gateway --config operator/gateways/hub-hall.yaml --pairing forbidden',
      ),
    )
    .action(async (flags: Given & LogFlags) => {
      const options = loadGatewayOptions(withKeyringKey(flags, host), host.cwd);
      finish(await run(host, (running) => serve(host, running, options, flags)));
    });
};

async function serve(host: Host, running: Running, options: GatewayOptions, flags: LogFlags): Promise<number> {
  const { gatewayId, pns } = options;
  const { seams, journal, wire, log } = await openRoleProcess(
    host,
    running,
    { role: 'pn-gateway', name: gatewayId, ...options },
    flags,
  );
  const inventory = new InventoryProjection(journal, await openInventoryStore(journal));
  follow(host, running, journal, [inventory], log);
  const credential = latestUsable(options.credential, log);
  const runtime = await startGateway({ ...options, credential }, pns, seams, options.usage);
  running.onClose('the PN GW', () => runtime.stop());
  answerInventory(wire, gatewayInventoryQuery(gatewayId), inventory, log);
  tellPlainFiles(log, options.secrets.plain);
  log.info('ready', { gatewayId, pns: pns.length, position: await seams.journal.head() });
  await untilStopped(running.stopped);
  log.info('ending', { ...runtime.stats });
  return EXIT.ok;
}

type Read = GatewayIdentity['credential'];

/** Files that cannot be read, or are being written, leave what they said before in use. @throws ConfigError at the start */
function latestUsable(read: Read, log: Log): Read {
  let latest = read();
  return () => {
    try {
      latest = read();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error('credential cannot be read; the one before stays in use', { error: message });
    }
    return latest;
  };
}
