/** A number of things, in words: `1 secret`, `2 secrets`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
