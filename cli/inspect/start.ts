import { OBSERVERS_HEAR } from '../../messages/subjects.ts';
import type { Wire } from '../../wire/port.ts';
import { Copies } from '../../inspector/server/copies.ts';
import { startInspector, type Inspector } from '../../inspector/server/inspector.ts';
import { readPageFiles } from '../../inspector/server/page-files.ts';
import type { Source } from '../../inspector/server/source.ts';
import { toBase64url } from '../../security/base64url.ts';
import { errorCode, FailedError } from '../errors.ts';
import type { Host } from '../host.ts';
import { logOf } from '../role-process.ts';
import type { Running } from '../run.ts';
import { pageFolder } from './page.ts';

export interface InspectOptions {
  /** Journals; without any, what is heard over the wire is shown. */
  readonly sources: readonly Source[];
  /** Copies of committed events come over it, which tell that there is something to read. */
  readonly wire: Wire | null;
  /** 0 for any that is free. */
  readonly port: number;
  /** Null to draw one. */
  readonly token: string | null;
}

const TOKEN_BYTES = 24;

/** Starts the inspector; it ends with the run. @throws FailedError when the port is taken */
export async function inspect(host: Host, running: Running, options: InspectOptions): Promise<Inspector> {
  const { wire, port } = options;
  const { clock, entropy } = host;
  const copies = options.sources.length === 0 ? new Copies() : null;
  const sources = copies === null ? options.sources : [copies.source('nats')];
  const token = options.token ?? toBase64url(entropy.bytes(TOKEN_BYTES));
  const files = await readPageFiles(await pageFolder());
  const log = logOf(host, 'inspector', { log: 'text', tells: 'errors' });
  try {
    const inspector = await startInspector({ sources, files, port, token, clock, entropy, log });
    running.onClose('the inspector', () => inspector.close());
    wire?.subscribe(OBSERVERS_HEAR[0], ({ payload }) => {
      if (copies === null || copies.take(payload)) inspector.wake();
    });
    return inspector;
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error;
    throw new FailedError(`Port ${port} is taken`, 'Name another with --port, or leave it out for any that is free.');
  }
}
