import { systemClock, type Clock } from '../seams/clock.ts';
import { systemEntropy, type Entropy } from '../seams/entropy.ts';
import { errorCode } from './errors.ts';
import { StatusLine } from './status-line.ts';

/** The variable that holds a key-encryption key itself. Taken out of the environment at the start: no child process gets it. */
export const KEYRING_KEY = 'CPNS_KEYRING_KEY';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a command has of the machine that it runs on. Tests give another. */
export interface Host {
  /** Writes to standard output. False once nobody reads it any more (`| head`): whoever is writing then stops. */
  out(text: string): Promise<boolean>;
  /** Writes to standard error. */
  err(text: string): void;
  /** Shows a line on the terminal in place of the one before; it is gone with whatever is written next. */
  status(line: string): void;
  /** Reads standard input. */
  input(): AsyncIterable<Uint8Array>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
  readonly stackTraces: 'shown' | 'hidden';
  /** Whether people watch standard error. */
  readonly progress: 'shown' | 'hidden';
  /** What `CPNS_KEYRING_KEY` held when the process started. */
  readonly keyringKey: string | undefined;
}

export function processHost(): Host {
  const { [KEYRING_KEY]: keyringKey } = process.env;
  delete process.env[KEYRING_KEY];
  // Without a listener a reader that goes away would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  const status = new StatusLine(process.stderr);
  process.once('exit', () => status.clear());
  return {
    out: (text) =>
      new Promise((resolve, reject) => {
        status.clear();
        process.stdout.write(text, (error) => {
          if (!error) resolve(true);
          else if (errorCode(error) === 'EPIPE' || errorCode(error) === 'ERR_STREAM_DESTROYED') resolve(false);
          else reject(error);
        });
      }),
    err(text) {
      status.clear();
      process.stderr.write(text);
    },
    status: (line) => status.show(line),
    input: () => process.stdin,
    cwd: process.cwd(),
    clock: systemClock,
    entropy: systemEntropy,
    onSignal(listener) {
      const stop = (signal: StopSignal): void => listener(signal);
      process.on('SIGINT', stop).on('SIGTERM', stop);
      return () => void process.off('SIGINT', stop).off('SIGTERM', stop);
    },
    exit: (code) => process.exit(code),
    progress: process.stderr.isTTY ? 'shown' : 'hidden',
    stackTraces: process.env['CPNS_DEBUG'] === '1' ? 'shown' : 'hidden',
    keyringKey,
  };
}
