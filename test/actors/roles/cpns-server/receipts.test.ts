import { describe, expect, it } from 'vitest';
import { Checkpoints } from '../../../../actors/roles/journal/record/checkpoints.ts';
import { RECEIPT_SERVICE, Receipts } from '../../../../actors/roles/cpns-server/receipts/receipts.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import type { Deliver, SendOutcome } from '../../../../actors/sessions/data/port.ts';
import { MemoryJournal } from '../../../../journal/memory.ts';
import { checkReceipt } from '../../../../replay/receipt.ts';
import { readReceipt } from '../../../../cli/pne/receipt.ts';
import { newNoteSigner } from '../../../../security/transparency/note-key.ts';
import { any, commitOf, eventOf } from '../../../journal/controls.ts';
import { processOn, signer } from '../journal/record/controls.ts';

const MINUTE_MS = 60_000;

/** A server that accepted lamp twice and refused door; what it sent to devices. */
async function serverWith(options: { readonly checkpoints?: Pick<Checkpoints, 'covering'> } = {}) {
  const journal = new MemoryJournal();
  const answered = (deviceId: string, code: number, cpnsId: string | null): Promise<unknown> => {
    const data = { requestId: 'r', code, cpnsId, keyId: null, handshake: null };
    const events = [eventOf('RegistrationAnswered', { data })];
    return journal.commit(commitOf({ appends: [{ stream: `registration/home/${deviceId}`, expected: any, events }] }));
  };
  await answered('lamp', 200, 'cpns-lamp');
  await answered('door', 401, null);
  await answered('lamp', 200, 'cpns-lamp');
  await answered('lamp', 429, null);
  const clock = new SimulatedClock();
  const process = processOn(journal, clock);
  const checkpoints = await Checkpoints.start(process, signer, { events: 10_000, intervalMs: MINUTE_MS });
  const receipts = new Receipts({ journal, checkpoints: options.checkpoints ?? checkpoints, clock, log: process.log });
  const sent: Parameters<Deliver>[0][] = [];
  const ask = (deviceId: string, bytes = new Uint8Array()) =>
    receipts.deliver({ pnId: 'home', deviceId, serviceId: RECEIPT_SERVICE, bytes });
  const send = async (message: Parameters<Deliver>[0]): Promise<SendOutcome> => {
    sent.push(message);
    return { kind: 'delivered' };
  };
  return { journal, clock, checkpoints, receipts, ask, sent, send };
}

const textOf = ({ bytes }: { readonly bytes: Uint8Array } = { bytes: new Uint8Array() }): string =>
  new TextDecoder().decode(bytes);

describe('a device that asks for its receipt', () => {
  it('is sent the proof of the newest answer that accepted it, under a checkpoint that is signed for it', async () => {
    const { receipts, ask, sent, send, journal } = await serverWith();
    receipts.answerBy(send);
    expect(await ask('lamp')).toBe(200);
    expect(sent).toMatchObject([{ pnId: 'home', deviceId: 'lamp', serviceId: RECEIPT_SERVICE }]);
    const receipt = textOf(sent[0]);
    expect(checkReceipt(receipt, signer.verifier)).toMatchObject({ kind: 'valid', position: 3, size: 4 });
    const own = { deviceId: 'lamp', pnId: 'home' };
    const found = { position: 3, size: 4, cpnsId: 'cpns-lamp' };
    expect(readReceipt(receipt, own, 'cpns-lamp', signer.verifier)).toEqual({ ...found, verified: 'yes' });
    expect(readReceipt(receipt, own, 'cpns-lamp', null)).toEqual({ ...found, verified: 'no' });
    expect(await journal.head()).toBe(5);
  });

  it('is sent the same checkpoint again: nothing is signed for a position that one covers', async () => {
    const { receipts, ask, sent, send, journal } = await serverWith();
    receipts.answerBy(send);
    await ask('lamp');
    await ask('lamp');
    expect(textOf(sent[0])).toBe(textOf(sent[1]));
    expect(await journal.head()).toBe(5);
  });

  it('is told why there is none', async () => {
    const { receipts, ask, send, sent } = await serverWith();
    expect(await ask('lamp')).toBe(503);
    receipts.answerBy(send);
    expect(await ask('door')).toBe(404);
    expect(await ask('nobody')).toBe(404);
    expect(await ask('lamp', new TextEncoder().encode('door'))).toBe(400);
    const none = await serverWith({ checkpoints: { covering: () => Promise.resolve(null) } });
    none.receipts.answerBy(send);
    expect(await none.ask('lamp')).toBe(503);
    expect(sent).toEqual([]);
  });

  it('may ask three times at once and then every ten seconds; others are not held up by it', async () => {
    const { receipts, ask, send, clock } = await serverWith();
    receipts.answerBy(send);
    const codes = [await ask('lamp'), await ask('lamp'), await ask('lamp'), await ask('lamp'), await ask('door')];
    expect(codes).toEqual([200, 200, 200, 429, 404]);
    clock.advance(10_000);
    expect([await ask('lamp'), await ask('lamp')]).toEqual([200, 429]);
  });
});

describe('a receipt that a device was sent', () => {
  const receiptOf = async (): Promise<string> => {
    const { receipts, ask, sent, send } = await serverWith();
    receipts.answerBy(send);
    await ask('lamp');
    return textOf(sent[0]);
  };

  it('is refused when it is of another device, or gives it another CPNS ID', async () => {
    const receipt = await receiptOf();
    const { verifier } = signer;
    for (const [own, cpnsId] of [
      [{ deviceId: 'door', pnId: 'home' }, 'cpns-lamp'],
      [{ deviceId: 'lamp', pnId: 'office' }, 'cpns-lamp'],
      [{ deviceId: 'lamp', pnId: 'home' }, 'cpns-door'],
      [{ deviceId: 'lamp', pnId: 'home' }, null],
    ] as const)
      expect(() => readReceipt(receipt, own, cpnsId, verifier)).toThrow('not that of the registration of this device');
  });

  it('is refused when another key signed it, or its event is another one; without a key only the latter shows', async () => {
    const receipt = await receiptOf();
    const own = { deviceId: 'lamp', pnId: 'home' };
    const other = newNoteSigner('cpns/example', () => new Uint8Array(32)).verifier;
    expect(() => readReceipt(receipt, own, 'cpns-lamp', other)).toThrow('not valid: unsigned');
    const leaf = /extra (\S+)/.exec(receipt)?.[1] ?? '';
    const changed = Buffer.from(leaf, 'base64').toString().replace('"code":200', '"code":299');
    const forged = receipt.replace(leaf, Buffer.from(changed).toString('base64'));
    for (const key of [signer.verifier, null])
      expect(() => readReceipt(forged, own, 'cpns-lamp', key)).toThrow('not valid: notIncluded');
    expect(() => readReceipt('nonsense', own, 'cpns-lamp', null)).toThrow('not valid: malformed');
  });
});
