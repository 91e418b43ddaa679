import type { RecordedEvent } from '../../journal/port.ts';
import type { Source } from '../../inspector/server/source.ts';
import { sourceOf } from '../inspector/server/world.ts';
import { households } from '../replay/load.ts';
import { device, GATEWAY, NODES, World } from '../simulation/world.ts';

/** Times that each device of a household registers: messages without more actors. */
const ROUNDS = 8;

/** As many actors and events as one wants, out of one household that lived: all three journals, with the same ids. */
export async function manyHouseholds(copies: number): Promise<readonly Source[]> {
  const world = await World.start({
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['lamp'] }],
    devices: [device('lamp', 'home'), device('cup', 'home', 'needed')],
  });
  await world.calm();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const deviceId of ['lamp', 'cup']) {
      await world.register(deviceId);
      await world.calm();
    }
  return await Promise.all(NODES.map(async (name) => sourceOf(name, copiesOf(await world.events(name), copies))));
}

function copiesOf(lived: readonly RecordedEvent[], copies: number): readonly RecordedEvent[] {
  const versions = new Map<string, number>();
  const events: RecordedEvent[] = [];
  const own = lived.filter(({ stream }) => !/^(record|keyring)$/.test(stream));
  for (const { appends } of households(lived, own.length * copies))
    for (const { stream, events: appended } of appends)
      for (const event of appended) {
        const version = (versions.get(stream) ?? 0) + 1;
        versions.set(stream, version);
        events.push({ ...event, stream, version, position: events.length + 1 });
      }
  return events;
}
