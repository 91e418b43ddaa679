import { CommanderError } from 'commander';
import { JournalError } from '../journal/port.ts';
import { ConfigError } from './config/problems.ts';
import { EXIT, systemFault, UsageError } from './errors.ts';
import type { Host } from './host.ts';

/** Tells people what went wrong and what to do. @returns the exit code */
export function report(host: Host, error: unknown): number {
  if (error instanceof CommanderError) return commanderExit(error);
  if (host.stackTraces === 'shown' && error instanceof Error) host.err(`${error.stack ?? ''}\n`);
  else host.err(`${sentence(error)}\n`);
  return exitCode(error);
}

/** Commander has written its message already. */
function commanderExit(error: CommanderError): number {
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version' ? EXIT.ok : EXIT.badInput;
}

function exitCode(error: unknown): number {
  if (error instanceof ConfigError || error instanceof UsageError) return EXIT.badInput;
  return error instanceof JournalError && error.fault === 'missing' ? EXIT.badInput : EXIT.failure;
}

function sentence(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const system = systemFault(error);
  if (system !== null)
    return `cpns: ${system.path}: ${system.reason}. Check the path, and what this user may do there.`;
  const message = (error instanceof Error ? error.message : String(error))
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return `cpns: ${message}. ${remedyOf(error)}`;
}

function remedyOf(error: unknown): string {
  if (error instanceof Error && 'remedy' in error && typeof error.remedy === 'string') return error.remedy;
  return 'Set CPNS_DEBUG=1 to see where it happened.';
}
