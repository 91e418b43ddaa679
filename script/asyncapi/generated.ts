import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { asyncapiDocument } from './document.ts';
import { EXAMPLES } from './worked-example.ts';

/** The files about the wire that come from the schemas: the AsyncAPI document, and the messages in the guide. */

export const ASYNCAPI_FILE = 'docs/asyncapi.yaml';
export const GUIDE_FILE = 'docs/wire.md';

const HEADER = '# Generated from the schemas in messages and events. Do not edit; run: npm run asyncapi\n';

function asyncapiYaml(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  return HEADER + stringify(asyncapiDocument(version), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** `<!-- example NAME -->` and the code block behind it, which is replaced. */
const SLOT = /<!-- example ([a-z-]+) -->\n(?:```\n[^`]*```\n)?/g;

/** @throws Error when the guide names an example that there is not */
export function fillGuide(guide: string): string {
  return guide.replaceAll(SLOT, (_slot, name: string) => {
    const example = EXAMPLES.find((one) => one.name === name);
    if (example === undefined) throw new Error(`docs/wire.md names the example '${name}', which there is not.`);
    const { subject, payload } = example;
    const { body, ...envelope } = payload;
    const fields = Object.entries({ ...envelope, body }).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
    return `<!-- example ${name} -->\n\`\`\`\n${subject}\n{ ${fields.join(',\n  ')} }\n\`\`\`\n`;
  });
}

/** @param root folder of the package; paths are relative to it */
export function generated(root: string): readonly { readonly file: string; readonly text: string }[] {
  return [
    { file: ASYNCAPI_FILE, text: asyncapiYaml(root) },
    { file: GUIDE_FILE, text: fillGuide(readFileSync(join(root, GUIDE_FILE), 'utf8')) },
  ];
}
