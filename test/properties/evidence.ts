import { MORE_SERVERS, nodeOf, type World } from '../simulation/world.ts';
import type { Evidence } from './invariants.ts';

const utf8 = new TextDecoder();

/** Everything that a world has to show at this moment. */
export function evidenceOf(world: World, phase: Evidence['phase']): Evidence {
  return {
    phase,
    timeline: world.timeline,
    // What one server hands over to another is what it got, and was seen before.
    sent: world.sent
      .filter(({ subject }) => !subject.startsWith('cpns.server.'))
      .map(({ after, source, subject, payload }) => ({
        after,
        source: MORE_SERVERS.some((name) => name === source) ? 'server' : source,
        subject,
        payload: utf8.decode(payload),
      })),
    said: world.said.map((note) => ({ ...note })),
    given: [...world.given],
    log: world.log.lines.map((line) => JSON.stringify(line)),
    secrets: world.provisionedSecrets,
    // A process that is paused may have steps in memory that it has not committed, and never will.
    inMemory: world.processes
      .filter((name) => !world.isPaused(name))
      .flatMap((name) =>
        [...(world.runtime(name)?.inMemory() ?? [])].map(([stream, { version, state }]) => ({
          node: nodeOf(name),
          stream,
          version,
          state,
        })),
      ),
  };
}
