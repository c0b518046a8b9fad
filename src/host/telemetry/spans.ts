/**
 * Spans as lines: the series is the trace, so that a sealed block holds a trace together. Each line is the span's JSON.
 * Tried and left: printing it by hand, 0.4 us instead of 0.6.
 */
import type { Telemetry } from '#host/telemetry/stream.ts'
import type { Span, Spans } from '#ports/spans.ts'

/** `read` without a trace is ordered by start and bounded by `from` (included) and `to` (not included) on the start. */
export function spansOn(telemetry: Telemetry): Spans {
  const stream = telemetry.stream('spans')
  return {
    record: (span) => {
      stream.append(span.traceId, span.start, JSON.stringify(span))
    },
    read: async ({ from, to, traceId, limit }) => {
      const wanted =
        traceId === undefined ? undefined : (_at: number, _n: number, series: string) => series === traceId
      const lines = await stream.read({ from, to, limit, seriesPrefix: traceId, wanted })
      return lines.map((line) => decode(line.text))
    },
  }
}

function decode(text: string): Span {
  const span: unknown = JSON.parse(text)
  return span as Span // oxlint-disable-line typescript/no-unsafe-type-assertion -- decoder: the stream holds what `record` wrote
}
