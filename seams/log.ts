/** What a running role tells its operator. Fields are ids, codes and counts: never a message body, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** One line of text for people or one JSON object for machines, to standard error by way of `write`. */
export function lineLog(options: {
  readonly role: string;
  readonly json: 'json' | 'text';
  readonly now: () => number;
  readonly write: (line: string) => void;
}): Log {
  const line = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    const time = new Date(options.now()).toISOString();
    if (options.json === 'json') {
      options.write(`${JSON.stringify({ time, level, role: options.role, message, ...fields })}\n`);
      return;
    }
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    options.write(`${[time, level.padEnd(5), options.role, message, ...rest].join(' ')}\n`);
  };
  return {
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error: (message, fields) => line('error', message, fields),
  };
}

/** The simulated twin: keeps what was said. */
export class RecordedLog implements Log {
  readonly lines: { readonly level: LogLevel; readonly message: string; readonly fields: LogFields }[] = [];
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }
}
