import { describe, expect, test } from 'vitest';
import type { PersonalFields } from '../../../../../events/fields.ts';
import { device, GATEWAY, NODES, World, type WorldOptions } from '../../../../simulation/world.ts';

/** What the server is told of the person behind a device, and what is left of it when it is erased. */

const LAMP: PersonalFields = { user: 'Ottilie Morgenrot', name: 'Lamp of Ottilie', mac: '00:17:88:f1:fc:54' };
const LISTED: PersonalFields = { user: null, name: 'Front door of Ottilie', mac: 'b0:44:9c:29:d3:62' };

const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lock'] }];
const lamp = { ...device('lamp', 'home', 'needed'), about: LAMP };

async function world(options: Partial<WorldOptions> = {}): Promise<World> {
  const started = await World.start({
    pns,
    devices: [lamp, device('lock', 'home')],
    identity: { personal: new Map([['lock', LISTED]]) },
    ...options,
  });
  await started.calm();
  for (const { deviceId } of started.options.devices) await started.register(deviceId);
  await started.calm();
  return started;
}

const aboutSubjects = async (one: World) =>
  (await one.events('server')).filter(({ stream }) => stream.startsWith('subject/'));

const keysOf = async (one: World, stream: string) =>
  (await one.journal('server')?.wrappedKeys({ after: `${stream}/`, limit: 100 }))?.filter(({ id }) =>
    id.startsWith(`${stream}/`),
  );

describe('the server', () => {
  test('is told by the operator of its devices, and by a stranger of itself in its session', async () => {
    const one = await world();
    expect(await one.personal('lamp')).toEqual({ state: 'known', by: 'device', fields: LAMP });
    expect(await one.personal('lock')).toEqual({ state: 'known', by: 'operator', fields: LISTED });
    expect(await one.personal('ghost')).toEqual({ state: 'none' });
  });

  test('takes what it cannot read of a device as if it had not been said: the session stands', async () => {
    const unreadable = { ...lamp, about: { ...LAMP, name: 'Lamp\u202eof Ottilie' } };
    const one = await world({ devices: [unreadable] });
    expect(await one.personal('lamp')).toEqual({ state: 'none' });
    expect((await one.events('server')).map(({ type }) => type)).toContain('SecureSessionEstablished');
    expect((await aboutSubjects(one)).map(({ stream }) => stream)).toEqual(['subject/lock']);
  });

  test('is told nothing by a device that was refused', async () => {
    const one = await world({ secrets: new Map([['lamp', new Uint8Array(32)]]) });
    expect(await one.personal('lamp')).toEqual({ state: 'none' });
  });

  test('writes nothing where it is told the same again, and the same key is used where it is told otherwise', async () => {
    const one = await world();
    await one.register('lamp');
    await one.calm();
    const before = await aboutSubjects(one);
    expect(before.map(({ stream }) => stream)).toEqual(['subject/lock', 'subject/lamp']);
    await one.kill('server');
    await one.startNode('server');
    await one.calm();
    expect(await aboutSubjects(one)).toEqual(before);

    const renamed = { ...LAMP, name: 'Lamp of nobody' };
    const other = await world({ devices: [lamp, { ...lamp, about: renamed }] });
    // The later entry of the same device is what the process of PNEs tells.
    expect(await other.personal('lamp')).toEqual({ state: 'known', by: 'device', fields: renamed });
  });
});

/** Everything that was stored, sent or logged, as text. */
async function everything(one: World): Promise<string> {
  const texts: string[] = one.log.lines.map((line) => JSON.stringify(line));
  for (const name of NODES) {
    texts.push(...(await one.events(name)).map((event) => JSON.stringify(event)));
    const rows = (await one.journal(name)?.pendingOutbox()) ?? [];
    texts.push(...rows.map((row) => JSON.stringify(row)));
  }
  // Both as it was said under the outer sealing of the WAN leg, and as it went over the wire.
  for (const { subject, payload, frame } of one.sent) {
    for (const bytes of [payload, frame]) texts.push(`${subject} ${Buffer.from(bytes).toString('latin1')}`);
  }
  return texts.join('\n');
}

describe('personal fields', () => {
  test('are in no event, outbox, log line or message, on no leg: the PN GW learns none either', async () => {
    const one = await world();
    const all = await everything(one);
    for (const told of [LAMP, LISTED].flatMap((fields) => Object.values(fields))) {
      if (told === null) continue;
      expect(all).not.toContain(told);
      for (const shift of [0, 1, 2]) {
        const coded = Buffer.concat([Buffer.alloc(shift), Buffer.from(told)]).toString('base64url');
        expect(all).not.toContain(coded.slice(shift === 0 ? 0 : shift + 1, -2));
      }
    }
    expect(all).toContain('SubjectDescribed');
  });
});

describe('erasing', () => {
  test('destroys every key of the subject with the events that say so, in one commit, and nothing opens', async () => {
    const one = await world();
    const before = await aboutSubjects(one);
    const [key] = (await keysOf(one, 'subject/lamp')) ?? [];
    const moments = one.timeline.length;
    expect(await one.erase('lamp')).toEqual({ kind: 'erased', keyId: key?.id });
    expect(await keysOf(one, 'subject/lamp')).toEqual([]);
    expect(await one.personal('lamp')).toEqual({ state: 'erased' });
    expect(await one.personal('lock')).toMatchObject({ state: 'known' });
    const [erasure] = one.timeline.slice(moments).filter(({ keys }) => keys.drop.length > 0);
    expect(erasure?.keys.drop).toEqual([key?.id]);
    expect(erasure?.events).toMatchObject([
      { stream: 'subject/lamp', type: 'SubjectErased', data: { keyId: key?.id } },
      { stream: 'keyring', type: 'KeyDestroyed', data: { keyId: key?.id, reason: 'erasure' } },
    ]);
    expect((await aboutSubjects(one)).slice(0, before.length)).toEqual(before);
  });

  test('once more is no event, and of somebody who was never told of neither', async () => {
    const one = await world();
    await one.erase('lamp');
    const head = await one.journal('server')?.head();
    expect(await one.erase('lamp')).toMatchObject({ kind: 'already' });
    expect(await one.erase('ghost')).toEqual({ kind: 'unknown' });
    expect(await one.journal('server')?.head()).toBe(head);
  });

  test('is not undone by the list of the operator: the server says that the entry is still there', async () => {
    const one = await world();
    await one.erase('lock');
    await one.kill('server');
    await one.startNode('server');
    await one.calm();
    expect(await one.personal('lock')).toEqual({ state: 'erased' });
    expect(one.log.lines.map(({ message }) => message)).toContain(
      'a device that was erased is still listed with personal fields; they are not taken',
    );
  });

  test('of a device that tells anew leaves the old data unreadable: the new is under another key', async () => {
    const one = await world();
    const [former] = (await aboutSubjects(one)).filter(({ stream }) => stream === 'subject/lamp');
    await one.erase('lamp');
    await one.register('lamp');
    await one.calm();
    expect(await one.personal('lamp')).toEqual({ state: 'known', by: 'device', fields: LAMP });
    const told = (await aboutSubjects(one)).filter(({ type }) => type === 'SubjectDescribed').at(-1);
    expect(told?.data['keyId']).not.toBe(former?.data['keyId']);
    expect(await one.journal('server')?.wrappedKey(String(former?.data['keyId']))).toBeNull();
    expect(await one.erase('lamp')).toMatchObject({ kind: 'erased', keyId: told?.data['keyId'] });
    expect(await one.personal('lamp')).toEqual({ state: 'erased' });
  });
});
