/** Every id, token and unordered choice comes from here, so that a seed reproduces it. */
export interface Random {
  /** A fraction in [0, 1). */
  next(): number
  /** A whole number in [0, limit). */
  below(limit: number): number
  bytes(count: number): Uint8Array
}
