/** A chart and its role do not fit together, or a step was put together wrongly: a fault of the program. */
export class StepError extends Error {
  override readonly name = 'StepError';
}
