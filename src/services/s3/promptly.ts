/**
 * Stores may answer a value or a promise. A step that has its value goes on at once, so that the transaction of an
 * ordinary put runs without giving up its turn; with a store that answers promises the same steps wait.
 */
export function promptly<T, R>(found: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return found instanceof Promise ? found.then(next) : next(found)
}
