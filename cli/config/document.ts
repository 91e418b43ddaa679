import { readFileSync, statSync } from 'node:fs';
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLError,
} from 'yaml';
import { errorCode, fileReason } from '../errors.ts';
import { ConfigError, type Problem } from './problems.ts';

/** Whether messages may quote what the file says. Those about a file of secrets may not. */
export type Contents = 'public' | 'secret';

export type Position = { readonly line: number; readonly column: number };

export interface ConfigDocument {
  readonly file: string;
  readonly contents: Contents;
  readonly value: unknown;
  /** For those that add to the file and keep its comments. */
  readonly yaml: Document;
  /** Where the value at a path starts; where it is missing, the nearest thing around it. */
  at(path: readonly PropertyKey[]): Position;
  /** Where the name of a field starts. */
  atKey(path: readonly PropertyKey[], key: string): Position;
}

/** Room for some 50,000 devices; a larger file is surely another one. */
export const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** Aliases that one document may expand to (the `billion laughs`). */
const MAX_ALIASES = 1_000;

/** @throws ConfigError when the file cannot be read or is not YAML */
export function readDocument(file: string, contents: Contents): ConfigDocument {
  return parseConfig(file, readText(file), contents);
}

function readText(file: string): string {
  const fail = (message: string, remedy: string): never => {
    throw new ConfigError(file, [{ path: '', message, remedy }]);
  };
  try {
    const { size } = statSync(file);
    if (size > MAX_CONFIG_BYTES)
      return fail(`is larger than ${MAX_CONFIG_BYTES} bytes`, 'Check that it is the file that you mean.');
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof TypeError) return fail('is not UTF-8 text', 'Save it as UTF-8.');
    const remedy = errorCode(error) === 'ENOENT' ? 'Check the path.' : 'Give a file that this user may read.';
    return fail(`cannot be read: ${fileReason(error)}`, remedy);
  }
}

/** @throws ConfigError with every syntax error */
export function parseConfig(file: string, text: string, contents: Contents): ConfigDocument {
  const lines = new LineCounter();
  const yaml = readYaml(file, text, lines);
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults: readonly YAMLError[] = [...yaml.errors, ...yaml.warnings];
  const problems = faults.map((fault) => syntaxProblem(fault, position(fault.pos[0]), contents));
  if (problems.length > 0) throw new ConfigError(file, problems);

  const at = (path: readonly PropertyKey[]): Position => {
    for (let length = path.length; length >= 0; length--) {
      const node = find(yaml, path.slice(0, length));
      if (isNode(node) && node.range) return position(node.range[0]);
    }
    return { line: 1, column: 1 };
  };
  return {
    file,
    contents,
    value: toValue(yaml, file),
    yaml,
    at,
    atKey(path, key) {
      const map = find(yaml, path);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      return isNode(pair?.key) && pair.key.range ? position(pair.key.range[0]) : at(path);
    },
  };
}

/** @throws ConfigError for what is nested deeper than the library's stack; all else is in the document's errors */
function readYaml(file: string, text: string, lineCounter: LineCounter): Document.Parsed {
  // At its own level the library prints a key that is a list, and in a file of secrets that may be one.
  const quiet = { prettyErrors: false, logLevel: 'error' } as const;
  try {
    return parseDocument(text, { lineCounter, strict: true, uniqueKeys: true, ...quiet });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = 'is not valid YAML: lists and fields are nested too deeply';
    throw new ConfigError(file, [{ path: '', message, remedy: 'Check the indentation.' }]);
  }
}

function find(yaml: Document, path: readonly PropertyKey[]): unknown {
  let node: unknown = yaml.contents;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(yaml);
    node = isMap(node) || isSeq(node) ? node.get(typeof key === 'symbol' ? '' : key, true) : undefined;
  }
  return node;
}

function toValue(yaml: Document, file: string): unknown {
  try {
    const value: unknown = yaml.toJS({ maxAliasCount: MAX_ALIASES });
    return value;
  } catch {
    const message = `has an alias without an anchor, or more than ${MAX_ALIASES} aliases`;
    throw new ConfigError(file, [{ path: '', message, remedy: 'Write the values out.' }]);
  }
}

const SYNTAX_REMEDIES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'Keep one of the two.',
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_INDENT: 'Line the entry up with its siblings.',
  MULTIPLE_DOCS: 'Keep one document: remove the line `---`.',
  MISSING_CHAR: 'Close the quote or bracket that is open here.',
};

function syntaxProblem(fault: YAMLError, position: Position, contents: Contents): Problem {
  const what = contents === 'secret' ? fault.code : fault.message.replaceAll(/\s+/g, ' ');
  const remedy = SYNTAX_REMEDIES[fault.code] ?? 'Check indentation, quotes and brackets here and in the line before.';
  return { position, path: '', message: `is not valid YAML: ${what}`, remedy };
}
