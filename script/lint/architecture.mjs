// The two rules of the house as a plugin for oxlint: which folder may import which, and where time, ids, random and I/O
// may be touched. Plain JavaScript, for oxlint loads it with whatever Node runs it.
import { posix, relative, sep } from 'node:path';
import { closingImports } from './circles.mjs';

/** From top to bottom. A folder may import itself and the rows below its own; those of one row do not know each other. */
const LAYERS = [
  ['cli'],
  ['host'],
  ['actors', 'replay', 'inspector'],
  ['projections', 'wire'],
  ['fold'],
  ['machines', 'messages'],
  ['events'],
  ['journal', 'security', 'seams'],
];
/** A folder that knows one of its own row. */
const ALSO = { inspector: ['replay'] };
/** What a folder, or a part of one, does not know although it is in a row below, or in the same folder. */
const NEVER = {
  // It knows what a role is, and none of them.
  'actors/loop': ['actors', 'security'],
  'actors/cluster': ['actors', 'fold', 'machines', 'events', 'security'],
  replay: ['wire', 'seams'],
  inspector: ['wire', 'projections', 'security', 'seams'],
  'inspector/server': ['inspector/page', 'inspector/sequence'],
  projections: ['messages', 'seams'],
  wire: ['fold', 'machines', 'journal', 'security'],
  fold: ['messages', 'security', 'seams'],
  machines: ['journal', 'security', 'seams'],
  messages: ['journal', 'seams'],
  events: ['security', 'seams'],
};
/** What a part imports goes to the browser with it: only what computes. */
const ONLY = {
  'inspector/page': ['inspector/protocol', 'inspector/picture', 'inspector/sequence', 'inspector/charts/picture.ts'],
};
/** Types cost nothing at run time: the charts know the shape of what is stored, the auditors that of a seam. */
const TYPES = {
  machines: ['journal'],
  'actors/loop': ['security'],
  replay: ['seams'],
  inspector: ['seams'],
  'inspector/page': ['inspector', 'events', 'journal', 'machines'],
};
/** Packages that only some folders may use. A folder that is not named here may use any other package. */
const PACKAGES = [
  { name: /^@nats-io\//, only: ['wire/nats', 'host/', 'cli/', 'bench/', 'test/'] },
  {
    name: /^(kysely|pg|pg-connection-string|pgpass|node:sqlite)$/,
    only: ['journal/', 'projections/', 'replay/', 'host/', 'cli/', 'bench/', 'test/'],
  },
  { name: /^(?!xstate$)(?![./])/, never: ['machines/'] },
];

/** Where the outer world is let in. */
const SEAMS = [
  'seams/',
  'wire/nats',
  'journal/sqlite/',
  'journal/postgres/',
  'replay/scratch/',
  'security/key-file.ts',
  'inspector/page/state/',
  'inspector/server/http.ts',
  'inspector/server/page-files.ts',
  'host/',
  'cli/',
  'bench/',
  'script/',
  'test/',
];
/** Of Node's modules only these compute and nothing more. */
const PURE_MODULES = /^node:(assert|buffer|crypto|path|url|util)(\/|$)/;
const IMPURE_CRYPTO = /^(random|getRandomValues|generateKey|generatePrime|webcrypto|subtle)/;
const IMPURE_GLOBALS = new Set([
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'WebSocket',
]);

const fileOf = (context) => relative(context.cwd, context.filename).split(sep).join('/');
/** Row of the folder of the house that a path is in; -1 outside of them. */
const rowOf = (path) => LAYERS.findIndex((row) => row.includes(topOf(path)));
const topOf = (path) => path.split('/', 1)[0];
const isIn = (path, folders) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
/** What a table says of a file: of its folder, and of the parts that it is in. */
const saidOf = (table, file) => Object.keys(table).flatMap((place) => (isIn(file, [place]) ? table[place] : []));

/** Whether a file may import another one by its layer. Within one part of the house everything may. */
function mayImport(file, target, isType) {
  if (rowOf(target) < 0) return false;
  const parts = Object.keys({ ...NEVER, ...ONLY }).filter((part) => part.includes('/') && isIn(file, [part]));
  if (isIn(target, parts)) return true;
  if (isType && isIn(target, saidOf(TYPES, file))) return true;
  const only = saidOf(ONLY, file);
  if (only.length > 0) return isIn(target, only);
  if (isIn(target, saidOf(NEVER, file))) return false;
  return topOf(target) === topOf(file) || rowOf(target) > rowOf(file) || isIn(target, saidOf(ALSO, file));
}

const startsWithAny = (path, starts) => starts.some((start) => path.startsWith(start));
const isTypeOnly = (node) =>
  node.importKind === 'type' ||
  node.exportKind === 'type' ||
  (node.specifiers?.length > 0 &&
    node.specifiers.every((each) => each.importKind === 'type' || each.exportKind === 'type'));

/** Calls back for every module that a file names, however it names it. */
function visitImports(found) {
  const visit = (node) => {
    if (node.source?.type === 'Literal' && typeof node.source.value === 'string') found(node, node.source.value);
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
  };
}

/** Read once for all files of a run. */
const closing = new Map();
const closingBy = (root) => {
  if (!closing.has(root)) closing.set(root, closingImports(root));
  return closing.get(root);
};

const layers = {
  create(context) {
    const file = fileOf(context);
    const isOurs = rowOf(file) >= 0;
    const circles = closingBy(context.cwd).get(file);
    const own = (source, node) => {
      const target = posix.join(posix.dirname(file), source);
      const circle = circles?.get(target);
      if (circle !== undefined) {
        const message = `${file} must not import ${target}: it closes the circle ${circle}.`;
        context.report({ node, message });
      } else if (isOurs && !mayImport(file, target, isTypeOnly(node))) {
        const message = `${file} must not import ${target}: dependencies point one way (script/lint/architecture.mjs).`;
        context.report({ node, message });
      }
    };
    return visitImports((node, source) => {
      if (source.startsWith('.')) {
        own(source, node);
        return;
      }
      for (const { name, only, never } of PACKAGES) {
        if (!name.test(source)) continue;
        const wrong = only === undefined ? startsWithAny(file, never) : isOurs && !startsWithAny(file, only);
        if (wrong && !isTypeOnly(node)) context.report({ node, message: `${file} must not import ${source}.` });
      }
    });
  },
};

const seams = {
  create(context) {
    const file = fileOf(context);
    if (rowOf(file) < 0 || startsWithAny(file, SEAMS)) return {};
    const report = (node, what) =>
      context.report({
        node,
        message: `${what} outside the seams: take it from a port (seams, the wire, the journal).`,
      });
    const global = (identifier) => {
      const { name, parent } = identifier;
      if (IMPURE_GLOBALS.has(name)) report(identifier, name);
      else if (name === 'Math' && parent.type === 'MemberExpression' && memberName(parent) === 'random') {
        report(identifier, 'Math.random');
      } else if (name === 'Date' && readsTheClock(identifier)) report(identifier, 'the clock');
    };
    return {
      ...visitImports((node, source) => {
        if (isTypeOnly(node) || !source.startsWith('node:')) return;
        if (!PURE_MODULES.test(source)) report(node, source);
        if (!source.startsWith('node:crypto')) return;
        const named = (node.specifiers ?? [])
          .map((each) => each.imported ?? (each.type === 'ExportSpecifier' && each.local))
          .filter(Boolean);
        for (const each of named) if (IMPURE_CRYPTO.test(each.name)) report(each, each.name);
        if (named.length === 0) report(node, 'the whole of node:crypto');
      }),
      'Program:exit'() {
        const scope = context.sourceCode.scopeManager.globalScope;
        const builtIn = scope.variables.filter((variable) => variable.defs.length === 0);
        const references = new Set([...scope.through, ...builtIn.flatMap((variable) => variable.references)]);
        for (const reference of references) global(reference.identifier);
      },
    };
  },
};

const memberName = (node) => (node.computed ? node.property.value : node.property.name);

/** `Date.now`, `new Date()` and `Date()`; not `new Date(value)` nor `Date.parse(text)`. */
function readsTheClock(identifier) {
  const { parent } = identifier;
  if (parent.type === 'MemberExpression') return memberName(parent) === 'now';
  if (parent.type === 'NewExpression') return parent.arguments.length === 0;
  return parent.type === 'CallExpression' && parent.callee === identifier;
}

export default { meta: { name: 'house' }, rules: { layers, seams } };
