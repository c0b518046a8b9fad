/** `windtunnel trace`: the waterfall of one trace, by its id, or of the slowest request of the last flight. */
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { loadReport } from '#cli/flights.ts'
import { spansOfTrace } from '#cli/recorded.ts'
import { renderTrace } from '#cli/render/trace.ts'
import type { Terminal } from '#cli/terminal.ts'
import { type Waterfall, waterfallOf, waterfallOfRows } from '#lab/trace.ts'

function slowest(which: string | undefined): Waterfall {
  const [first] = loadReport(which).slowest
  if (first === undefined)
    throw new UsageError(
      'The flight has no slow request with spans.',
      which ?? 'the last flight',
      'windtunnel report',
    )
  return waterfallOfRows(first.traceId, first.spans)
}

async function find(parsed: Parsed): Promise<Waterfall> {
  const [id] = parsed.words
  if (parsed.has('slowest') || id === undefined) return slowest(id)
  const found = waterfallOf(await spansOfTrace(clientOf(parsed), id))
  if (found === undefined)
    throw new UsageError(
      'The platform has no spans of that trace.',
      id,
      'windtunnel trace --slowest shows one that a flight saved.',
    )
  return found
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const waterfall = await find(parsed)
  if (terminal.json) terminal.out(JSON.stringify(waterfall))
  else terminal.out(renderTrace(waterfall, { width: terminal.width, color: terminal.color }))
  return EXIT.ok
}

export const trace: Command = {
  name: 'trace',
  summary: 'Show where the time of one request went.',
  usage: 'trace [TRACE-ID | --slowest]',
  example: 'windtunnel trace 1-6744a1b2-0123456789abcdef01234567',
  options: [{ name: 'slowest', sentence: 'The slowest request of the last flight.' }],
  words: { min: 0, max: 1 },
  run,
}
