/** Our own defects: a request that meets one answers InternalFailure; tests and simulations die on it. */
export class Defect extends Error {
  override readonly name = 'Defect'
}

export function assert(condition: unknown, whyItMustHold: string): asserts condition {
  if (!condition) throw new Defect(whyItMustHold)
}

/** For values that the types cannot promise: the value, or a defect with the reason it must be there. */
export function present<T>(value: T | undefined | null, whyItMustBeThere: string): T {
  if (value === undefined || value === null) throw new Defect(whyItMustBeThere)
  return value
}
