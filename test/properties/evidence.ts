import { NODES, type World } from '../simulation/world.ts';
import type { Evidence } from './invariants.ts';

const utf8 = new TextDecoder();

/** Everything that a world has to show at this moment. */
export function evidenceOf(world: World, phase: Evidence['phase']): Evidence {
  return {
    phase,
    timeline: world.timeline,
    sent: world.sent.map(({ after, source, subject, payload }) => ({
      after,
      source,
      subject,
      payload: utf8.decode(payload),
    })),
    said: world.said.map((note) => ({ ...note })),
    given: [...world.given],
    log: world.log.lines.map((line) => JSON.stringify(line)),
    secrets: world.provisionedSecrets,
    inMemory: NODES.flatMap((node) =>
      [...(world.runtime(node)?.inMemory() ?? [])].map(([stream, { version, state }]) => ({
        node,
        stream,
        version,
        state,
      })),
    ),
  };
}
