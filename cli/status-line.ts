/** Of a terminal, what a line that is drawn over needs. */
export interface Terminal {
  write(text: string): unknown;
  /** Undefined where it is none. */
  readonly columns?: number;
}

const DEFAULT_COLUMNS = 80;

/** The last line of a terminal, which is drawn over. No escape sequences: a carriage return and blanks do on every one. */
export class StatusLine {
  readonly #terminal: Terminal;
  #shown = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** One that does not fit is cut: a line that wraps cannot be drawn over. */
  show(line: string): void {
    const fitting = line.slice(0, (this.#terminal.columns ?? DEFAULT_COLUMNS) - 1);
    this.#terminal.write(`\r${fitting.padEnd(this.#shown)}`);
    this.#shown = fitting.length;
  }

  clear(): void {
    if (this.#shown === 0) return;
    this.#terminal.write(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}
