import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { certificate, type TestCertificate } from './certificates.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpns-tls-'));
const authority = certificate(folder, 'authority', null);
const stranger = certificate(folder, 'stranger', null);
const forAddress = certificate(folder, 'address', 'IP:127.0.0.1', authority);
const forName = certificate(folder, 'name', 'DNS:localhost', authority);

const log = new RecordedLog();
const wires: Wire[] = [];
const servers: NatsServer[] = [];

const start = async (shown: TestCertificate | null): Promise<NatsServer> => {
  const config = shown === null ? '' : `tls: { cert_file: "${shown.certFile}", key_file: "${shown.keyFile}" }`;
  const server = await startNatsServer({ config });
  servers.push(server);
  return server;
};
const wireTo = (url: string, ca: string | null): Wire => {
  const wire = connectNats({ servers: url, name: 'alice', log, ca });
  wires.push(wire);
  return wire;
};
const refusal = async (wire: Wire): Promise<string> => {
  const failed = () => log.lines.find((line) => line.message.startsWith('cannot connect'));
  await until('the failure', () => failed() !== undefined);
  expect(wire.status).toBe('connecting');
  return String(failed()?.fields['error']);
};

afterEach(async () => {
  await Promise.all(wires.splice(0).map((wire) => wire.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  log.lines.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a tls:// address', () => {
  test.each([
    ['127.0.0.1', forAddress],
    ['localhost', forName],
  ])('connects to %s, whose certificate is for it', async (host, shown) => {
    const { port } = await start(shown);
    const wire = wireTo(`tls://${host}:${port}`, authority.cert);
    wire.subscribe('q', ({ reply }) => reply !== undefined && wire.publish(reply, 'sealed'));
    const answer = await wire.request('q', '', { timeoutMs: 60_000 });
    expect(new TextDecoder().decode(answer)).toBe('sealed');
  });

  test.each([
    ['127.0.0.1', forName],
    ['localhost', forAddress],
  ])('does not connect to %s when the certificate is for another', async (host, shown) => {
    const { port } = await start(shown);
    expect(await refusal(wireTo(`tls://${host}:${port}`, authority.cert))).toMatch(/does not match certificate/);
  });

  test.each([
    ['another authority than the one given', stranger.cert],
    ['an authority that the system does not know', null],
  ])('does not connect to a server whose certificate comes from %s', async (_, ca) => {
    const { port } = await start(forAddress);
    expect(await refusal(wireTo(`tls://127.0.0.1:${port}`, ca))).toMatch(/unable to (verify|get)|certificate/);
  });

  test('does not connect to a server without TLS', async () => {
    const { port } = await start(null);
    expect(await refusal(wireTo(`tls://127.0.0.1:${port}`, authority.cert))).toContain('tls');
  });
});

test('an address of another kind is refused, and its credentials are not quoted', () => {
  expect(() => wireTo('https://me:secret@localhost', null)).toThrow(/^malformed address of a NATS server$/);
});
