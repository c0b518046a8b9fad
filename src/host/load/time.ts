/** The generator's time: monotonic ms that its threads share, and the wall time that belongs to it. */
import type { Ms } from '#base/time.ts'

/** Monotonic, the same in every thread of the process. */
export function monotonicMs(): Ms {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1_000 + nanos / 1_000_000
}

/** What to add to `monotonicMs()` for wall time. */
export const wallOffsetMs = (): Ms => performance.timeOrigin + performance.now() - monotonicMs()
