/** The bar of a flight: what is being done, how far, and how long still. */
import type { LoadProgress } from '#ports/load.ts'

const CELLS = 24

export function progressLine(progress: LoadProgress, durationMs: number): string {
  const share = Math.min(1, durationMs === 0 ? 1 : progress.elapsedMs / durationMs)
  const full = Math.round(share * CELLS)
  const left = Math.max(0, (durationMs - progress.elapsedMs) / 1_000)
  const errors = progress.errors === 0 ? '' : `  ${progress.errors} errors`
  return `flying [${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${progress.answered} of ${progress.total} answered${errors}  ${left.toFixed(0)} s left`
}

export type Show = (progress: LoadProgress, durationMs: number) => void

/** Calls `show` for the first report, the last, and at most once per interval between: a log file gets a line a step. */
export function paced(intervalMs: number, show: Show): Show {
  let shownAt = -Infinity
  return (progress, durationMs) => {
    if (progress.elapsedMs - shownAt < intervalMs && progress.answered < progress.total) return
    shownAt = progress.elapsedMs
    show(progress, durationMs)
  }
}
