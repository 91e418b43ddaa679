import { join } from 'node:path';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import type { Journal, RecordedEvent } from '../../journal/port.ts';
import { any, commitOf } from '../journal/controls.ts';
import { device, GATEWAY, NODES, secretOf, World, type NodeName } from '../simulation/world.ts';

/** Controls: what a simulated run left, as journal files that an auditor is given. */

const FILES: { readonly [N in NodeName]: string } = {
  server: 'server.sqlite',
  gateway: 'hub.sqlite',
  pnes: 'pnes.sqlite',
};

/** Writes the same events at the same positions. */
export async function writeJournal(path: string, events: readonly RecordedEvent[]): Promise<void> {
  const journal = await openSqliteJournal(path);
  await commitAll(journal, events);
  await journal.close();
}

export async function commitAll(journal: Pick<Journal, 'commit'>, events: readonly RecordedEvent[]): Promise<void> {
  for (const { stream, type, schemaVersion, data, meta } of events)
    await journal.commit(
      commitOf({ appends: [{ stream, expected: any, events: [{ type, schemaVersion, data, meta }] }] }),
    );
}

/** A household of three devices: a member, a member with a wrong secret, and a stranger that registers twice. */
export async function household(): Promise<{ readonly [N in NodeName]: readonly RecordedEvent[] }> {
  const devices = [device('pne1', 'home'), device('pne2', 'home'), device('pne3', 'home', 'needed')];
  const world = await World.start({
    seed: 'journal files',
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['pne1', 'pne2'] }],
    devices,
    secrets: new Map(devices.map(({ deviceId }) => [deviceId, secretOf(deviceId === 'pne2' ? 'another' : deviceId)])),
  });
  await world.drain();
  for (const deviceId of ['pne1', 'pne2', 'pne3', 'pne3']) {
    await world.register(deviceId);
    await world.calm();
    world.clock.advance(60_000);
    await world.calm();
  }
  const events = {
    server: await world.events('server'),
    gateway: await world.events('gateway'),
    pnes: await world.events('pnes'),
  };
  for (const node of NODES) await world.kill(node);
  return events;
}

/** @returns names of the files in the folder, that of the server first */
export async function writeHousehold(
  folder: string,
  events: { readonly [N in NodeName]: readonly RecordedEvent[] },
): Promise<readonly string[]> {
  for (const node of NODES) await writeJournal(join(folder, FILES[node]), events[node]);
  return NODES.map((node) => FILES[node]);
}
