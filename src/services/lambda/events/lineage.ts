/**
 * The recursion guard: each run leaves its function's mark in the Lineage of X-Amzn-Trace-Id, which SDKs, queues and
 * topics pass on, so that a function sees how often it stands in its own chain. Pure.
 * Source: X-Ray developer guide, Tracing header (`Lineage=a87bd80c:1|68fd508a:5`), and headers recorded in AWS, where the
 * first run has the count 0 and newer ones a number in front (`1:e547cb94:0`), which is read and not written here. How AWS
 * makes the eight digits is not told: here they are the ARN's hash.
 */
import { createHash } from 'node:crypto'
import { parseTraceHeader, printTraceHeader } from '#base/trace.ts'
import { LINEAGE_MARKS_MAX } from '#services/lambda/limits.ts'

export const lineageMark = (functionArn: string): string =>
  createHash('sha256').update(functionArn).digest('hex').slice(0, 8)

interface Hop {
  readonly mark: string
  /** Runs of it before its last one. */
  readonly count: number
  /** As it stood in the header. */
  readonly spelled: string
}

function hopsIn(lineage: string): Hop[] {
  return lineage.split('|').flatMap((spelled) => {
    const [, mark, digits] = /^(?:\d+:)?([\w-]+):(\d{1,9})$/.exec(spelled) ?? []
    return mark === undefined ? [] : [{ mark, count: Number(digits), spelled }]
  })
}

const FIELD = 'Lineage='

const runs = (hops: readonly Hop[], mark: string): number => {
  const last = hops.find((hop) => hop.mark === mark)
  return last === undefined ? 0 : last.count + 1
}

/** How often the function with that mark has run in the chain that led here. */
export function hopsOf(header: string, mark: string): number {
  if (!header.includes(FIELD)) return 0
  return runs(hopsIn(parseTraceHeader(header)?.lineage ?? ''), mark)
}

/** The header that a run of the function passes on. The oldest marks go when there are too many. */
export function withHop(header: string, mark: string): string {
  if (!header.includes(FIELD)) return `${header};${FIELD}${mark}:0`
  const parsed = parseTraceHeader(header)
  if (parsed === undefined) return header
  const before = hopsIn(parsed.lineage ?? '')
  const others = before.filter((hop) => hop.mark !== mark).map(({ spelled }) => spelled)
  const lineage = [...others, `${mark}:${runs(before, mark)}`].slice(-LINEAGE_MARKS_MAX).join('|')
  return printTraceHeader({ ...parsed, lineage })
}
