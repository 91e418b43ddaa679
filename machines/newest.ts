/**
 * Whether a request is newer than the newest of its sender: what is not was recorded, or came late. Null is a request from
 * before they had timestamps.
 */
export function isNewer(timestamp: string | null, newest: string | null): boolean {
  return newest === null || (timestamp !== null && timestamp > newest);
}
