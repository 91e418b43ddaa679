import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, inject, vi } from 'vitest';
import { z } from 'zod';

const Started = z.union([z.object({ server: z.string() }), z.object({ error: z.string() })]);

export interface TestDatabase {
  /** Address of a new, empty schema; the same schema for the same name. */
  url(schema?: string): Promise<string>;
  /** Runs a statement as an operator would, in a connection of its own. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** A connection that stays, until the end of the file. */
  connect(): Promise<Client>;
}

/** Ends a hang; what holds soon does not wait for it. */
const EVENTUALLY_MS = 60_000;

/** Waits until it no longer throws. */
export function eventually(holds: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(holds, { timeout: EVENTUALLY_MS });
}

/** A new database for this test file, dropped after it. */
export function useDatabase(): TestDatabase {
  const name = `test_${process.pid}_${Date.now()}`;
  const clients: Client[] = [];
  let schemas = 0;
  let server = '';
  const connect = async (database = name): Promise<Client> => {
    const client = new Client({ connectionString: urlOf(server, database) });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const once = async (database: string, text: string, values: readonly unknown[] = []) => {
    const client = new Client({ connectionString: urlOf(server, database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  beforeAll(async () => {
    server = await started(inject('postgresAddress'));
    await once('postgres', `create database ${name} template template0`);
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await once('postgres', `drop database ${name} with (force)`);
  });
  return {
    async url(schema = `journal_${++schemas}`) {
      await once(name, `create schema if not exists ${schema}`);
      return `${urlOf(server, name)}&options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    },
    query: (text, values) => once(name, text, values),
    connect: () => connect(),
  };
}

function urlOf(server: string, database: string): string {
  return server.replace('/?', `/${database}?`);
}

/** The server starts beside the first tests. @throws Error that says why there is none */
async function started(file: string): Promise<string> {
  while (!existsSync(file)) await pause(20);
  const found = Started.parse(JSON.parse(readFileSync(file, 'utf8')));
  if ('error' in found) throw new Error(found.error);
  return found.server;
}
