import { describe, expect, it } from 'vitest';
import { importJournal } from '../../../journal/export/import.ts';
import { ExportError, readExport, type ExportPart } from '../../../journal/export/read.ts';
import { exportJournal, type ExportRange } from '../../../journal/export/write.ts';
import { hashLeaf } from '../../../journal/merkle/hash.ts';
import { MemoryJournal } from '../../../journal/memory.ts';
import type { TreeReader } from '../../../journal/port.ts';
import { any, appendTo, commitOf, eventOf, noStream, outboxRow } from '../controls.ts';

/** Three events of two streams; the data has what JSON text can hold. */
async function journalOfThree(): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  const data = { text: 'ü "\\ \u2028 \ud800', number: 1e21, nested: [null, -0, { a: 'é' }] };
  await journal.commit(
    commitOf({ appends: [{ stream: 'pn/home', expected: noStream, events: [eventOf('A', { data })] }] }),
  );
  await journal.commit(appendTo('pn/office', any, 'B'));
  await journal.commit(appendTo('pn/home', any, 'C'));
  return journal;
}

const NOTE = { origin: 'cpns/example', size: 2, note: '' };

async function textOf(journal: TreeReader, range: ExportRange, note = ''): Promise<string> {
  const chunks: string[] = [];
  const signed = note === '' ? null : { ...NOTE, note };
  for await (const { text } of exportJournal(journal, range, signed)) chunks.push(text);
  return chunks.join('');
}

async function* bytesOf(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function partsOf(text: string | Uint8Array): Promise<readonly ExportPart[]> {
  const parts: ExportPart[] = [];
  for await (const part of readExport(bytesOf(text))) parts.push(part);
  return parts;
}

async function failureOf(text: string | Uint8Array): Promise<string> {
  try {
    await partsOf(text);
    return 'whole';
  } catch (error) {
    if (error instanceof ExportError) return error.message;
    throw error;
  }
}

describe('an export', () => {
  it('is a line of what follows, a line an event, and a line of what they come to', async () => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('{"format":"cpns-journal","version":1,"origin":null,"from":1,"to":3,"signed":0,"before":[]}');
    expect(lines[2]).toBe(
      '{"position":2,"stream":"pn/office","version":1,"type":"B","schemaVersion":1,"messageId":"message-1",' +
        '"correlationId":"correlation-1","causationId":null,"role":"cpns-server",' +
        '"chart":{"id":"cpns-server/registration","hash":"c0ffee"},"crStep":"1.4.1/3",' +
        '"recordedAt":"2026-11-23T04:12:24.000Z","data":"{\\"deviceId\\":\\"watch\\"}",' +
        // printf '\0cpns-event/1\n2\npn/office\n1\nB\n1\nmessage-1\ncorrelation-1\n\ncpns-server\ncpns-server/registration\nc0ffee\n=1.4.1/3\n2026-11-23T04:12:24.000Z\n{"deviceId":"watch"}' | openssl dgst -sha256 -binary | base64
        '"leaf":"f4iWIOGb5phH88eqOAFXEwVmigdhR4/kIIf954L8nCs="}',
    );
    expect(lines[4]).toMatch(/^\{"size":3,"root":"[A-Za-z0-9+/]{43}=","checkpoint":null\}$/);
  });

  it('is read back as it was stored, however its bytes come in', async () => {
    const journal = await journalOfThree();
    const parts = await partsOf(await textOf(journal, { from: 1, to: 3 }));
    const events = parts.flatMap((part) => (part.kind === 'events' ? part.events : []));
    expect(events.map((event) => ({ ...event, leaf: Buffer.from(event.leaf) }))).toEqual(
      (await journal.stored()).map((event) => ({ ...event, leaf: Buffer.from(event.leaf ?? []) })),
    );
    expect(parts.at(-1)).toMatchObject({ kind: 'end', end: { size: 3, checkpoint: null } });
  });

  it('of a journal without events has two lines', async () => {
    const text = await textOf(new MemoryJournal(), { from: 1, to: 0 });
    expect(text.split('\n')).toHaveLength(3);
    expect((await partsOf(text)).map(({ kind }) => kind)).toEqual(['header', 'end']);
  });

  it.each([1, 2, 3, 255, 256, 257, 600, 601])(
    'that begins at %i leads to the root of the whole journal',
    async (from) => {
      const journal = new MemoryJournal();
      const events = Array.from({ length: 600 }, (_, i) => eventOf('E', { data: { i } }));
      await journal.commit(commitOf({ appends: [{ stream: 'a', expected: noStream, events }] }));
      const whole = (await textOf(journal, { from: 1, to: 600 })).trimEnd().split('\n');
      const part = (await textOf(journal, { from, to: 600 })).trimEnd().split('\n');
      expect(part.slice(1)).toEqual(whole.slice(from));
      expect(await failureOf(`${part.join('\n')}\n`)).toBe('whole');
    },
  );
});

describe('an export that is not what was written', () => {
  it.each([
    ['cut off within a line', (text: string) => text.slice(0, -50), 'line 5: the file ends before its last line'],
    [
      'cut off between lines',
      (text: string) => text.split('\n').slice(0, 3).join('\n') + '\n',
      'line 4: the file ends',
    ],
    ['empty', () => '', 'line 1: the file is empty'],
    ['of something else', () => 'position,stream\n', 'line 1: it is no export'],
    ['of a later version', (text: string) => text.replace('"version":1', '"version":2'), 'line 1: it is in version 2'],
    [
      'changed in an event',
      (text: string) => text.replace('watch', 'clock'),
      'line 3: the event at position 2 is not what',
    ],
    ['missing an event', (text: string) => without(text, 2), 'line 3: position 2 was to come, not 3'],
    ['with an event twice', (text: string) => without(text, 3, 2), 'line 4: position 3 was to come, not 2'],
    ['spelt otherwise', (text: string) => text.replace('"position":2', '"position": 2'), 'line 3: it is no event'],
    ['longer than it says', (text: string) => `${text}{}\n`, 'line 6: something follows'],
    [
      'of another root',
      (text: string) => text.replace(/"root":"[^"]+"/, `"root":"${'A'.repeat(43)}="`),
      'line 5: its root',
    ],
    [
      'of another edge',
      (text: string) => text.replace('"before":[]', `"before":["${'A'.repeat(43)}="]`),
      'line 1: its numbers',
    ],
  ])('is refused with the first line that shows it: %s', async (_, damage, says) => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    expect(await failureOf(damage(text))).toContain(says);
  });

  it('is refused where a byte is no UTF-8, or a line has no end', async () => {
    const text = Buffer.from(await textOf(await journalOfThree(), { from: 1, to: 3 }));
    text[text.indexOf('ü')] = 0xff;
    expect(await failureOf(text)).toContain('line 2: it is not UTF-8');
    expect(await failureOf('x'.repeat(5_000_000))).toContain('line 1: it is longer than any line');
  });

  it('is refused where a stream misses a version, though all leaves are right', async () => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    const lines = text.split('\n');
    const other = (lines[3] ?? '').replace('"version":2', '"version":3');
    const leaf = other.replace(/"leaf":"[^"]+"/, () => {
      const read = { position: 3, stream: 'pn/home', version: 3, type: 'C' };
      const head = `cpns-event/1\n${read.position}\n${read.stream}\n${read.version}\n${read.type}\n1\nmessage-1\ncorrelation-1\n\n`;
      const rest = `cpns-server\ncpns-server/registration\nc0ffee\n=1.4.1/3\n2026-11-23T04:12:24.000Z\n{"deviceId":"watch"}`;
      return `"leaf":"${Buffer.from(hashLeaf(head + rest)).toString('base64')}"`;
    });
    expect(await failureOf(text.replace(lines[3] ?? '', leaf))).toContain(
      'line 4: version 2 of pn/home was to come, not 3',
    );
  });

  it('is refused where its checkpoint signs another root than that of its events', async () => {
    const journal = await journalOfThree();
    const whole = await textOf(journal, { from: 1, to: 2 });
    const root = /"root":"([^"]+)"/.exec(whole)?.[1] ?? '';
    const note = (of: string): string => `cpns/example\n2\n${of}\n\n— cpns/example AAAA\n`;
    expect(await failureOf(await textOf(journal, { from: 1, to: 3 }, note(root)))).toBe('whole');
    const forged = await textOf(journal, { from: 1, to: 3 }, note(`${'A'.repeat(43)}=`));
    expect(await failureOf(forged)).toContain('line 5: its checkpoint signs another root over events 1 to 2');
    // Events after a checkpoint cannot tell whether it is theirs; its signature can.
    expect(await failureOf(await textOf(journal, { from: 4, to: 3 }, note(root)))).toBe('whole');
  });

  function without(text: string, line: number, instead?: number): string {
    const lines = text.split('\n');
    lines.splice(line, 1, ...(instead === undefined ? [] : [lines[instead] ?? '']));
    return lines.join('\n');
  }
});

describe('an import', () => {
  const importOf = async (text: string, journal: MemoryJournal): Promise<string> =>
    importJournal(journal, readExport(bytesOf(text, 64)));

  it('makes a journal whose export is the same bytes', async () => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    const copy = new MemoryJournal();
    expect(await importOf(text, copy)).toBe('imported');
    expect(await textOf(copy, { from: 1, to: 3 })).toBe(text);
    expect(await importOf(text, copy)).toBe('already');
  });

  it('goes on where it broke off, at every event', async () => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    for (const held of [1, 2]) {
      const copy = new MemoryJournal();
      await importOf(await textOf(await journalOfThree(), { from: 1, to: held }), copy);
      expect(await importOf(text, copy)).toBe('wentOn');
      expect(await textOf(copy, { from: 1, to: 3 })).toBe(text);
    }
  });

  it('is refused by a journal that holds anything else, which stays as it was', async () => {
    const text = await textOf(await journalOfThree(), { from: 1, to: 3 });
    const other = new MemoryJournal();
    await other.commit(appendTo('pn/other', noStream, 'X'));
    await expect(importOf(text, other)).rejects.toThrow('it holds 1 events of its own');
    const longer = await journalOfThree();
    await longer.commit(appendTo('pn/other', noStream, 'X'));
    await expect(importOf(text, longer)).rejects.toThrow('it holds 4 events of its own');
    const working = await journalOfThree();
    await working.commit(commitOf({ outbox: { put: [outboxRow('m')], settle: [] } }));
    await expect(importOf(text, working)).rejects.toThrow('a role has worked with it');
    expect([await other.head(), await longer.head(), await working.head()]).toEqual([1, 4, 3]);
  });

  it('is refused for a file that does not begin with the first event', async () => {
    const text = await textOf(await journalOfThree(), { from: 2, to: 3 });
    await expect(importOf(text, new MemoryJournal())).rejects.toThrow('the file begins at position 2');
  });
});
