import type { z } from 'zod';
import { linkUp, wanDown, wanUp } from '../../messages/subjects.ts';
import { GATEWAY, type NodeName, type World } from '../simulation/world.ts';
import { Envelope } from '../../messages/envelope.ts';

/** What a test says to a node of a world, and hears from it. */
export interface Said {
  readonly subject: string;
  readonly text: string;
  readonly message: z.infer<typeof Envelope>;
}

/** Everything that was sent on subjects that end so, in order. */
export function said(world: World, ending: string, from = 0): readonly Said[] {
  return world.sent.slice(from).flatMap(({ subject, payload }) => {
    if (!subject.endsWith(ending)) return [];
    const text = new TextDecoder().decode(payload);
    return [{ subject, text, message: Envelope.parse(JSON.parse(text)) }];
  });
}

export function last(world: World, ending: string): Said {
  const found = said(world, ending).at(-1);
  if (found === undefined) throw new Error(`nothing was sent on ...${ending}`);
  return found;
}

/** Hands a message to a node at once, whatever the network is like. */
export function hand(world: World, node: NodeName, subject: string, payload: string | Uint8Array): void {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  world.runtime(node)?.dispatcher.deliver({ subject, payload: bytes });
}

function written(type: string, messageId: string, body: object, inReplyTo: string | null = null): string {
  return JSON.stringify({ v: 1, type, messageId, correlationId: `c-${messageId}`, inReplyTo, body });
}

export function toServer(world: World, type: string, messageId: string, body: object, gatewayId = GATEWAY): void {
  hand(world, 'server', wanUp(gatewayId, type), written(type, messageId, body));
}

export function toGateway(world: World, type: string, inReplyTo: string, messageId: string, body: object): void {
  hand(world, 'gateway', wanDown(GATEWAY, type), written(type, messageId, body, inReplyTo));
}

export function fromDevice(world: World, deviceId: string, type: string, messageId: string, body: object): void {
  hand(world, 'gateway', linkUp(GATEWAY, deviceId, type), written(type, messageId, body));
}
