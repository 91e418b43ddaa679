import { Document, isMap, type ParsedNode } from 'yaml';
import type { z } from 'zod';
import { check, type CrossCheck } from '../config/check.ts';
import { readDocument, type Contents } from '../config/document.ts';
import type { OperatorDirectory } from './directory.ts';

const LINE_WIDTH = 120;

/** One configuration file: written whole when it is new, otherwise only added to, so that edits by hand and comments stay. */
export interface ConfigFile<T> {
  readonly file: string;
  readonly detail: string;
  readonly comment: string;
  readonly contents: Contents;
  readonly schema: z.ZodType<T>;
  readonly crossCheck?: CrossCheck;
  /** What a new file says. */
  readonly whole: T;
  /** What is to be added to a file that says `current`, and what it says otherwise than the household. */
  readonly merge: (current: T) => { readonly add: readonly Addition[]; readonly differs: readonly string[] };
}

/** A value to append to the list, or to put under the name, that the path leads to. */
export interface Addition {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly kind: 'append' | 'put';
}

/** @throws ConfigError when the file is there and cannot be used */
export function writeConfig<T>(directory: OperatorDirectory, config: ConfigFile<T>): void {
  const { file, detail } = config;
  if (!directory.has(file)) {
    const document = new Document(config.whole);
    document.commentBefore = config.comment;
    directory.create(file, document.toString({ lineWidth: LINE_WIDTH }), detail);
    return;
  }
  const document = readDocument(directory.path(file), config.contents);
  const { add, differs } = config.merge(check(document, config.schema, config.crossCheck));
  for (const addition of add) put(document.yaml, addition);
  if (add.length === 0) directory.keep(file, detail);
  else directory.extend(file, document.yaml.toString({ lineWidth: LINE_WIDTH }), `${detail}: ${add.length} added`);
  for (const difference of differs) directory.note('differs', file, difference);
}

function put(yaml: Document<ParsedNode> | Document, { path, value, kind }: Addition): void {
  if (kind === 'put') return yaml.setIn(path, value);
  const list = yaml.getIn(path, true);
  // An empty list is written as `[]`; what is added to it is to stand in lines of its own.
  if (typeof list === 'object' && list !== null && 'flow' in list && 'items' in list && Array.isArray(list.items))
    list.flow = list.flow === true && list.items.length > 0;
  const node = yaml.createNode(value);
  if (isMap(node)) node.flow = false;
  yaml.addIn(path, node);
}
