import type { Log } from '../../seams/log.ts';
import { ServiceEnd } from '../../actors/services/service-end.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import type { ServiceOptions } from '../config/types.ts';
import type { Host } from '../host.ts';
import { logOf, tellPlainFiles, type LogSettings } from '../role-process.ts';
import type { Running } from '../run.ts';

export interface OpenService {
  readonly end: ServiceEnd;
  readonly wire: Wire;
  readonly log: Log;
}

/** Connects a service to NATS. It keeps nothing: what it had on the way when it ends, the server tells the device. */
export function openService(host: Host, running: Running, options: ServiceOptions, logging: LogSettings): OpenService {
  const { natsUrls, natsUser, natsCa, serviceId } = options;
  const { clock, entropy } = host;
  const log = logOf(host, 'service', logging);
  tellPlainFiles(log, options.secrets.plain);
  const name = `service-${serviceId}`;
  const wire = connectNats({ servers: natsUrls, user: natsUser, ca: natsCa, name, log, clock, entropy });
  running.onClose('the connection to NATS', () => wire.close());
  const end = new ServiceEnd({ wire, clock, entropy, log }, options);
  running.onClose('the service', () => end.stop());
  return { end, wire, log };
}
