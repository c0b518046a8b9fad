/** Randomness of the machine, or of a seed when a run must be repeatable. */
import { randomFillSync, randomInt } from 'node:crypto'
import { seeded } from '#base/random.ts'
import type { Random } from '#ports/random.ts'

/** Bytes drawn from the kernel at a time: one call per 4 KB, not per id. */
const POOL_BYTES = 4_096

export function hostRandom(seed: number | undefined): Random {
  if (seed !== undefined) return seeded(seed)
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  return {
    next: () => randomInt(0, 2 ** 32) / 2 ** 32,
    below: (limit) => randomInt(0, Math.max(1, limit)),
    bytes: (count) => {
      if (count > POOL_BYTES) return randomFillSync(new Uint8Array(count))
      if (used + count > POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      used += count
      return pool.slice(used - count, used)
    },
  }
}
