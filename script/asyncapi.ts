import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { generated } from './asyncapi/generated.ts';

/** `npm run asyncapi` writes what is generated about the wire; `npm run asyncapi:check` says whether it is up to date. npm runs both in the folder of the package. */

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const { file, text } of generated(process.cwd())) {
  let found = '';
  try {
    found = readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const isCurrent = found === text;
  if (!values.check) {
    if (!isCurrent) writeFileSync(file, text);
    console.log(`${file}: ${isCurrent ? 'up to date' : 'written'}`);
  } else if (!isCurrent) {
    console.error(`${file} is out of date: the messages or their schemas changed. Run: npm run asyncapi`);
    process.exitCode = 1;
  }
}
