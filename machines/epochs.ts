/** Of a session's data keys: the next epoch of each direction that nobody has used yet. */
export interface Epochs {
  readonly up: number;
  readonly down: number;
}

export const NO_EPOCHS: Epochs = { up: 0, down: 0 };

/** Whether nobody claimed this epoch, or one after it. */
export function isFree(
  epochs: Epochs,
  { direction, epoch }: { readonly direction: keyof Epochs; readonly epoch: number },
) {
  return epoch >= epochs[direction];
}

export function claimed(
  epochs: Epochs,
  { direction, epoch }: { readonly direction: keyof Epochs; readonly epoch: number },
) {
  return { ...epochs, [direction]: epoch + 1 };
}
