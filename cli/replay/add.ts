import type { Command } from 'commander';
import type { Host } from '../host.ts';

/** Adds one command to `cpns replay`. `finish` takes its exit code. */
export type AddReplay = (group: Command, host: Host, finish: (code: number) => void) => void;
