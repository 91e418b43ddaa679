// Circles of imports: in every folder its files and subfolders, a subfolder standing for all below it, import one another
// in one direction only. Imports of types count. A plugin sees one file at a time, so this reads the whole tree, once.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const SOURCE = /\.(ts|tsx|mts|mjs|js)$/;
const SKIPPED = /^(\..*|node_modules|dist)$/;
/** Statements begin their line; `import()` stands anywhere. */
const IMPORTS = /^(?:import|export)\b[^'";]*?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]/gm;

/**
 * The imports of a tree that close a circle.
 * @param root folder of the tree
 * @returns by importing file, then by imported file, the circle in words
 */
export function closingImports(root) {
  const closing = new Map();
  for (const [folder, level] of levelsOf(importsOf(root))) {
    for (const circle of circlesOf(level)) {
      const text = circleText(folder, circle);
      for (const [file, target] of circle[0].imports) {
        const known = closing.get(file) ?? new Map();
        closing.set(file, known.set(target, text));
      }
    }
  }
  return closing;
}

/** Every import of a file of the tree by another, as pairs of paths. */
function importsOf(root) {
  const files = new Set(filesBelow(root, ''));
  return [...files].toSorted().flatMap((file) => {
    const found = readFileSync(join(root, file), 'utf8').matchAll(IMPORTS);
    const targets = new Set([...found].map((match) => posix.join(posix.dirname(file), match[1] ?? match[2])));
    return [...targets].filter((target) => files.has(target)).map((target) => [file, target]);
  });
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.test(entry.name)) return [];
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(root, path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

/** By folder, then by importing and by imported entry: the imports between the two. */
function levelsOf(imports) {
  const levels = new Map();
  for (const pair of imports) {
    const [source, target] = pair.map((path) => path.split('/'));
    let depth = 0;
    while (source[depth] === target[depth] && depth < Math.min(source.length, target.length) - 1) depth += 1;
    if (source[depth] === target[depth]) continue;
    const folder = source.slice(0, depth).join('/');
    const level = levels.get(folder) ?? new Map();
    const known = level.get(source[depth]) ?? new Map();
    levels.set(folder, level.set(source[depth], known));
    known.set(target[depth], [...(known.get(target[depth]) ?? []), pair]);
  }
  return levels;
}

/**
 * Circles until none is left without the edges that close them: a shortest one, which the edge with the fewest imports
 * closes. Each begins with that edge.
 */
function circlesOf(level) {
  const open = new Map([...level].map(([entry, edges]) => [entry, new Map(edges)]));
  const circles = [];
  for (const start of [...open.keys()].toSorted()) {
    for (let circle = circleThrough(start, open); circle !== null; circle = circleThrough(start, open)) {
      const fewest = Math.min(...circle.map(({ imports }) => imports.length));
      const first = circle.findIndex(({ imports }) => imports.length === fewest);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      circles.push(turned);
      open.get(turned[0].source).delete(turned[0].target);
    }
  }
  return circles;
}

/** A shortest circle through an entry, breadth first; null where there is none. */
function circleThrough(start, level) {
  const reached = new Map();
  for (let front = [start]; front.length > 0;) {
    const next = [];
    for (const source of front) {
      for (const [target, imports] of level.get(source) ?? []) {
        if (reached.has(target)) continue;
        const path = [...(reached.get(source) ?? []), { source, target, imports }];
        if (target === start) return path;
        reached.set(target, path);
        next.push(target);
      }
    }
    front = next;
  }
  return null;
}

function circleText(folder, circle) {
  const pathOf = (entry) => posix.join(folder, entry);
  const steps = circle.map(({ target, imports: [[file, imported]] }) => {
    const isFiles = file === pathOf(posix.basename(file)) && imported === pathOf(target);
    return isFiles ? pathOf(target) : `${pathOf(target)} (${file} imports ${imported})`;
  });
  return [pathOf(circle[0].source), ...steps].join(' -> ');
}
