import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { asyncapiDocument } from './document.ts';

/** The document of the wire that comes from the schemas. */

export const ASYNCAPI_FILE = 'docs/asyncapi.yaml';

const HEADER = '# Generated from the schemas in messages and events. Do not edit; run: npm run asyncapi\n';

function asyncapiYaml(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  return HEADER + stringify(asyncapiDocument(version), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** @param root folder of the package; paths are relative to it */
export function generated(root: string): readonly { readonly file: string; readonly text: string }[] {
  return [{ file: ASYNCAPI_FILE, text: asyncapiYaml(root) }];
}
