import type { SendOutcome } from '../../actors/sessions/data/port.ts';
import { MORE_SERVERS, nodeOf, type Moment, type NodeName, type World } from '../simulation/world.ts';
import type { ChartState } from '../../machines/state.ts';

/** All that is known of a run: every transaction of every node in their order, every message, every line of every log. */
export interface Evidence {
  /** `calm`: all nodes are up, all was delivered, and nobody waits for anything. */
  readonly phase: 'chaos' | 'calm';
  readonly timeline: readonly Moment[];
  readonly sent: readonly {
    readonly source: string;
    readonly subject: string;
    readonly payload: string;
    /** How many moments of the timeline lay before it, where that is known. */
    readonly after?: number;
  }[];
  /** What was sent in sessions, with its outcome where it has one; what the applications were given. */
  readonly said: readonly { readonly text: string; readonly outcome: SendOutcome | null }[];
  readonly given: readonly string[];
  readonly log: readonly string[];
  /** Secrets that were provisioned. Those that came up in the run are in the timeline. */
  readonly secrets: readonly Uint8Array[];
  /** Actors in the memory of running nodes. */
  readonly inMemory: readonly {
    readonly node: NodeName;
    readonly stream: string;
    readonly version: number;
    readonly state: ChartState<unknown>;
  }[];
}

/** The violations of one invariant, as sentences; none when it holds. */
export type Checker = (evidence: Evidence) => readonly string[] | Promise<readonly string[]>;

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
