// The two rules of the house as a plugin for oxlint: which folder may import which, and where time, ids, random and I/O
// may be touched. Plain JavaScript, for oxlint loads it with whatever Node runs it.
import { posix, relative, sep } from 'node:path';

/** What a folder (or a file) may import of ours. The longest entry that fits a file counts; a folder may always import itself. */
const MAY_IMPORT = {
  'seams/': [],
  'security/': [],
  'journal/': [],
  'events/': ['journal/'],
  'machines/': ['events/'],
  'messages/': ['events/', 'security/'],
  'fold/': ['machines/', 'events/', 'journal/'],
  'wire/': ['messages/', 'seams/', 'events/'],
  'projections/': ['fold/', 'machines/', 'events/', 'journal/', 'security/'],
  'actors/': ['wire/', 'messages/', 'fold/', 'machines/', 'events/', 'journal/', 'security/', 'seams/'],
  // The loop knows what a role is, and none of them.
  'actors/loop/': ['wire/', 'messages/', 'fold/', 'machines/', 'events/', 'journal/', 'seams/'],
  'actors/cluster/': ['wire/', 'messages/', 'journal/', 'seams/'],
  'replay/': ['projections/', 'fold/', 'messages/', 'machines/', 'events/', 'journal/', 'security/'],
  'inspector/server/': [
    'inspector/charts/',
    'inspector/picture/',
    'inspector/protocol/',
    'replay/',
    'fold/',
    'messages/',
    'machines/',
    'events/',
    'journal/',
  ],
  'inspector/': ['replay/', 'fold/', 'messages/', 'machines/', 'events/', 'journal/'],
  // What the page takes of ours goes to the browser with it: only what computes.
  'inspector/page/': [
    'inspector/protocol/',
    'inspector/picture/',
    'inspector/sequence/',
    'inspector/charts/picture.ts',
    'inspector/charts/measures.ts',
  ],
};
/** Types cost nothing at run time: the charts know the shape of what happens, the auditors that of a seam. */
const MAY_IMPORT_TYPES = {
  'machines/': ['events/', 'journal/'],
  'actors/loop/': ['security/'],
  'replay/': ['seams/'],
  'inspector/server/': ['seams/'],
  'inspector/': ['seams/'],
  'inspector/page/': ['inspector/', 'events/', 'journal/', 'machines/'],
};
/** Packages that only some folders may use. A folder that is not named here may use any other package. */
const PACKAGES = [
  { name: /^@nats-io\//, only: ['wire/nats', 'cli/', 'bench/', 'test/'] },
  {
    name: /^(kysely|pg|pg-connection-string|pgpass|node:sqlite)$/,
    only: ['journal/', 'projections/', 'replay/', 'cli/', 'bench/', 'test/'],
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
const folderOf = (path) =>
  Object.keys(MAY_IMPORT)
    .filter((folder) => path.startsWith(folder))
    .toSorted((a, b) => b.length - a.length)[0];
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

const layers = {
  create(context) {
    const file = fileOf(context);
    const folder = folderOf(file);
    const own = (source, node) => {
      if (folder === undefined) return;
      const target = posix.join(posix.dirname(file), source);
      const targetFolder = folderOf(target);
      if (targetFolder === folder) return;
      if (targetFolder !== undefined) {
        if (targetFolder.startsWith(folder)) return;
        if (startsWithAny(target, MAY_IMPORT[folder])) return;
        if (isTypeOnly(node) && startsWithAny(target, MAY_IMPORT_TYPES[folder] ?? [])) return;
      }
      const message = `${folder} must not import ${target}: dependencies point one way (docs/development.md).`;
      context.report({ node, message });
    };
    return visitImports((node, source) => {
      if (source.startsWith('.')) {
        own(source, node);
        return;
      }
      for (const { name, only, never } of PACKAGES) {
        if (!name.test(source)) continue;
        const wrong =
          only === undefined ? startsWithAny(file, never) : folder !== undefined && !startsWithAny(file, only);
        if (wrong && !isTypeOnly(node)) context.report({ node, message: `${folder} must not import ${source}.` });
      }
    });
  },
};

const seams = {
  create(context) {
    const file = fileOf(context);
    if (folderOf(file) === undefined || startsWithAny(file, SEAMS)) return {};
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
