/** One mistake in a file (or in what a flag or variable gave), where it is, and what to do about it. */
export interface Problem {
  /** From 1; absent where the file as a whole is meant. */
  readonly position?: { readonly line: number; readonly column: number };
  /** Path inside the document, e.g. `pnes[3].mac`; empty at the top. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** More are counted, not shown: whoever has twenty mistakes mends those first. */
export const MAX_PROBLEMS_SHOWN = 20;

/** A configuration that cannot be used. All problems of one file are reported at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    const inOrder = problems.toSorted(byPosition);
    super(describe(file, inOrder));
    this.file = file;
    this.problems = inOrder;
  }
}

function byPosition(a: Problem, b: Problem): number {
  const [p, q] = [a.position ?? { line: 0, column: 0 }, b.position ?? { line: 0, column: 0 }];
  return p.line - q.line || p.column - q.column;
}

/** `file:line:column: path: message`, with the remedy on the next line. */
function describe(file: string, problems: readonly Problem[]): string {
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN).map((problem) => {
    const at = problem.position === undefined ? '' : `:${problem.position.line}:${problem.position.column}`;
    const path = problem.path === '' ? '' : `${problem.path}: `;
    return `${file}${at}: ${path}${problem.message}\n  ${problem.remedy}`;
  });
  const hidden = problems.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`${file}: and ${hidden} more`] : [])].join('\n');
}

/** `['pnes', 3, 'mac']` as `pnes[3].mac`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
