import type { RecordedEvent } from '../../../journal/port.ts';
import type { Source } from '../../../inspector/server/source.ts';
import { device, GATEWAY, NODES, World, type NodeName } from '../../simulation/world.ts';

export type Journals = { readonly [Name in NodeName]: readonly RecordedEvent[] };

/** A member and a stranger, registered through a PN GW; a stranger of a closed PN, refused: what all roles committed. */
export async function someJournals(): Promise<Journals> {
  const world = await World.start({
    pns: [
      { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members: ['lamp'] },
      { id: 'alarm', gatewayId: GATEWAY, joinPolicy: 'closed', members: [] },
    ],
    devices: [device('lamp', 'home'), device('cup', 'home', 'needed'), device('thief', 'alarm', 'needed')],
  });
  await world.calm();
  for (const deviceId of ['lamp', 'cup', 'thief']) {
    await world.register(deviceId);
    await world.calm();
  }
  const [server, gateway, pnes] = await Promise.all(NODES.map((name) => world.events(name)));
  return { server: server ?? [], gateway: gateway ?? [], pnes: pnes ?? [] };
}

/** A journal that others write: what is pushed onto `events` is committed. */
export function sourceOf(name: string, events: readonly RecordedEvent[]): Source {
  const within = (key: 'position' | 'version', after: number, limit: number, stream: string | null) =>
    events.filter((event) => event[key] > after && (stream ?? event.stream) === event.stream).slice(0, limit);
  return {
    name,
    kind: 'file',
    open: async () => ({
      head: async () => events.at(-1)?.position ?? 0,
      readAll: async ({ after = 0, limit = 1_000 } = {}) => {
        const isGapless = events[after]?.position === after + 1;
        return isGapless ? events.slice(after, after + limit) : within('position', after, limit, null);
      },
      readStream: async (stream, { after = 0, limit = 1_000 } = {}) => within('version', after, limit, stream),
    }),
  };
}

export const sourcesOf = (journals: Journals): readonly Source[] => NODES.map((name) => sourceOf(name, journals[name]));
