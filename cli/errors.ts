/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, badInput: 2 } as const;

/** The command was used wrongly: it ends with exit code 2 and tells what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The command was used rightly, and could not do what it is for: exit code 1. */
export class FailedError extends Error {
  override readonly name = 'FailedError';
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Names the system's error code (`EACCES`), or an empty text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
};

/** Says in words why a file could not be used. */
export function fileReason(error: unknown): string {
  return REASONS[errorCode(error)] ?? (error instanceof Error ? error.message : String(error));
}

/** The file of a system call that failed, and why; null for any other error. */
export function systemFault(error: unknown): { readonly path: string; readonly reason: string } | null {
  const reason = REASONS[errorCode(error)];
  const isOfFile = error instanceof Error && 'path' in error && typeof error.path === 'string';
  return reason === undefined || !isOfFile ? null : { path: String(error.path), reason };
}

/** The command is there, what it runs is not. */
export class NotBuiltError extends Error {
  override readonly name = 'NotBuiltError';
  readonly remedy = 'Use a later version.';
  constructor(command: string) {
    super(`cpns ${command} is not built yet`);
  }
}
