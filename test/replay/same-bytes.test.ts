import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Journal, JsonObject } from '../../journal/port.ts';
import { openPostgresJournal, openPostgresReader } from '../../journal/postgres/open.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { canonicalJson } from '../../fold/canonical.ts';
import { audit } from '../../replay/audit.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { judge, verdictJson } from '../../replay/verdict.ts';
import { commitOf } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { generated, type Untouched } from './mutations/base.ts';

const database = useDatabase();

async function fill(journal: Journal, { rows }: Untouched): Promise<void> {
  for (const { stream, type, schemaVersion, data, meta } of rows.events) {
    const fields: JsonObject = JSON.parse(data);
    const events = [{ type, schemaVersion, data: fields, meta }];
    await journal.commit(commitOf({ appends: [{ stream, expected: { kind: 'any' }, events }] }));
  }
  await journal.close();
}

async function bytesOf(name: string, reader: SqlReader, { signer, kept }: Untouched): Promise<string> {
  const source = await sqlSource(name, reader);
  const { verdict } = judge(await audit([source], { verifiers: [signer.verifier], brought: [kept] }), 'test');
  await source.close();
  expect(verdict.verdict).toBe('CONFORMANT');
  return canonicalJson(verdictJson(verdict));
}

it('gives the same verdict, byte for byte, of a journal on SQLite and on PostgreSQL', async () => {
  const [server] = await generated('same');
  if (server === undefined) throw new Error('There is no server.');
  const folder = await mkdtemp(join(tmpdir(), 'cpns-same-'));
  const file = join(folder, 'server.sqlite');
  await fill(await openSqliteJournal(file), server);
  const url = await database.url();
  await fill(await openPostgresJournal(url), server);
  const onSqlite = await bytesOf('a file', await openSqliteReader(file), server);
  expect(await bytesOf('a database', await openPostgresReader(url), server)).toBe(onSqlite);
  await rm(folder, { recursive: true });
});
