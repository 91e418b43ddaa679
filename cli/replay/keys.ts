import { resolve } from 'node:path';
import type { NoteVerifier } from '../../security/transparency/note-key.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { read, readNoteVerifier } from '../keys/note-keys.ts';

/** Public keys and checkpoints that the auditor brought along. @throws UsageError */
export function readAuditorsFiles(
  host: Host,
  {
    key: keys = [],
    checkpoint: files = [],
  }: { readonly key?: readonly string[]; readonly checkpoint?: readonly string[] },
): { readonly verifiers: readonly NoteVerifier[]; readonly brought: readonly string[] } {
  if (keys.length === 0 && files.length > 0)
    throw new UsageError('A checkpoint says nothing without the key that signed it', 'Give --key.');
  return {
    verifiers: keys.map((file) => readNoteVerifier(resolve(host.cwd, file))),
    brought: files.map((file) => read(resolve(host.cwd, file), 'checkpoint')),
  };
}
