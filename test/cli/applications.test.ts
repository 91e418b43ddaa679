import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPayload } from '../../cli/applications/payload.ts';
import { messageJson, receivedText, sentAs, sentJson, sentText } from '../../cli/applications/text.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { MAX_APPLICATION_BYTES } from '../../messages/limits.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const put = (name: string, content: string | Uint8Array): string => {
  const file = join(folder.path, name);
  writeFileSync(file, content);
  chmodSync(file, 0o600);
  return file;
};
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const message = (bytes: Uint8Array) => ({ deviceId: 'lamp', pnId: 'home', serviceId: 'echo', bytes });

describe('what is sent', () => {
  test.each([0, 1, MAX_APPLICATION_BYTES])('is a file of %d bytes, as it is', async (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 256);
    put('file', bytes);
    expect(await readPayload(new FakeHost(folder.path), { file: 'file' })).toEqual(bytes);
  });

  test('is a text in UTF-8', async () => {
    expect(await readPayload(new FakeHost(), { text: 'grün' })).toEqual(utf8('grün'));
  });

  test('is standard input, however it comes', async () => {
    const host = new FakeHost();
    host.stdin = [utf8('in '), utf8('parts')];
    expect(await readPayload(host, { file: '-' })).toEqual(utf8('in parts'));
  });

  test.each([
    [{}, 'There is nothing to send'],
    [{ text: 'a', file: 'b' }, 'There are two messages: --text and --file'],
    [{ file: 'nowhere' }, 'nowhere cannot be read: there is no such file'],
    [{ file: '.' }, 'cannot be read: it is a directory'],
  ])('%j is refused', async (flags, says) => {
    await expect(readPayload(new FakeHost(folder.path), flags)).rejects.toThrow(says);
  });

  test('over the limit is refused with the limit, from a file, a text and standard input', async () => {
    const host = new FakeHost(folder.path);
    const large = new Uint8Array(MAX_APPLICATION_BYTES + 1).fill(97);
    put('large', large);
    host.stdin = [large];
    const says = 'has more than the 524288 bytes that one message may have';
    for (const flags of [{ file: 'large' }, { file: '-' }, { text: Buffer.from(large).toString() }])
      await expect(readPayload(host, flags)).rejects.toThrow(says);
  });

  test('of a file that never ends is read no further than the limit', async () => {
    await expect(readPayload(new FakeHost(), { file: '/dev/zero' })).rejects.toThrow('/dev/zero has more than');
  });
});

describe('a message that came', () => {
  test.each([
    [utf8('hello'), 'lamp  message from echo, 5 bytes: "hello"'],
    [utf8(''), 'lamp  message from echo, 0 bytes: ""'],
    [utf8('a'), 'lamp  message from echo, 1 byte: "a"'],
    [utf8('two\nlines'), 'lamp  message from echo, 9 bytes: "two\\nlines"'],
    [utf8('\u{1f4a1}'.repeat(201)), `lamp  message from echo, 804 bytes: "${'\u{1f4a1}'.repeat(200)}" ...`],
    [utf8('red \u001b[31m'), 'lamp  message from echo, 9 bytes'],
    [utf8('turned \u202e'), 'lamp  message from echo, 10 bytes'],
    [Uint8Array.of(0xff, 0xfe), 'lamp  message from echo, 2 bytes'],
  ])('%j is shown as far as a terminal can show it', (bytes, text) => {
    expect(receivedText(message(bytes))).toBe(text);
  });

  test('is whole in JSON', () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    expect(JSON.parse(messageJson(message(bytes)))).toEqual({
      kind: 'message',
      deviceId: 'lamp',
      pnId: 'home',
      serviceId: 'echo',
      sizeBytes: 1_000,
      bytes: Buffer.from(bytes).toString('base64url'),
    });
  });
});

test('what became of a message is said with code and reason, and does not repeat the message', () => {
  const sent = sentAs(503);
  expect(sentText('lamp to echo', utf8('hello'), sent)).toBe('lamp to echo, 5 bytes: 503 nobody is there to take it');
  expect(JSON.parse(sentJson(message(utf8('hello')), sent))).toEqual({
    kind: 'sent',
    deviceId: 'lamp',
    pnId: 'home',
    serviceId: 'echo',
    sizeBytes: 5,
    code: 503,
    reason: 'nobody is there to take it',
  });
});

describe('cpns pne send', () => {
  const secret = `${'B'.repeat(42)}E\n`;
  put('a.psk', secret);
  put('pnes.key', secret);
  const device = (id: string): string => `  - { deviceId: ${id}, pnId: home, gatewayId: hub, pskFile: a.psk }\n`;
  const one = put('one.yaml', `journal: one.sqlite\nkeyFile: pnes.key\ndevices:\n${device('lamp')}`);
  const two = put(
    'two.yaml',
    `journal: two.sqlite\nkeyFile: pnes.key\ndevices:\n${device('lamp')}${device('heating')}`,
  );
  const send = async (...argv: readonly string[]) => {
    const host = new FakeHost(folder.path);
    const code = await host.run('pne', 'send', '--service', 'echo', ...argv);
    return { code, said: host.stderr, out: host.stdout };
  };

  test('with several devices wants to know which', async () => {
    expect(await send('--config', two, '--text', 'x')).toEqual({
      code: 2,
      said: 'cpns: The configuration has 2 devices. Name one with --device.\n',
      out: '',
    });
    const { said } = await send('--config', two, '--text', 'x', '--device', 'lmap');
    expect(said).toBe(`cpns: The configuration has no device 'lmap'. Did you mean "lamp"?\n`);
  });

  test('beside another process on the same journal says what to do', async () => {
    const journal = await openSqliteJournal(join(folder.path, 'one.sqlite'));
    const { code, said } = await send('--config', one, '--text', 'x', '--nats', 'nats://127.0.0.1:1');
    await journal.close();
    expect(code).toBe(1);
    expect(said).toMatch(
      /^cpns: Journal .*one\.sqlite: another process writes it\. Where a cpns pne is running on it, end/,
    );
  });

  test('is told of options that belong behind its name', async () => {
    const host = new FakeHost(folder.path);
    expect(await host.run('pne', '--config', one, 'send', '--service', 'echo', '--text', 'x')).toBe(2);
    expect(host.stderr).toBe('cpns: --config stands before send. Write the options of send behind its name.\n');
  });
});
