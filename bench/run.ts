import { readdirSync } from 'node:fs';

/** `npm run bench -- NAME [FLAGS]`: runs `bench/NAME.ts`, whose last line on standard output is one JSON object. */
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted();

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || rest[0]?.startsWith('--') === false || !names.includes(name)) {
  process.stderr.write(`Usage: npm run bench -- NAME\nNAME is one of: ${names.join(', ')}\n`);
  process.exitCode = 2;
} else {
  const module: { readonly run?: (args: readonly string[]) => Promise<void> } = await import(`./${name}.ts`);
  if (module.run === undefined) {
    process.stderr.write(`bench/${name}.ts exports no run(): it is part of another benchmark.\n`);
    process.exitCode = 2;
  } else await module.run(rest);
}
