/** `windtunnel logs`: what a function wrote, by its name or its log group, once or as it comes. */
import { numberAt, stringAt } from '#base/json.ts'
import { instant, isoMs } from '#base/time.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type PlatformClient, clientOf, listAt } from '#cli/client.ts'
import { parseDuration } from '#cli/clock.ts'
import { type Command, EXIT } from '#cli/command.ts'
import type { Terminal } from '#cli/terminal.ts'

const POLL_MS = 500
const DEFAULT_SINCE_MS = 10 * 60_000

interface Seen {
  from: number
  readonly ids: Set<string>
}

async function show(client: PlatformClient, group: string, seen: Seen, terminal: Terminal): Promise<void> {
  let nextToken: string | undefined
  do {
    const answer = await client.call('logs', 'FilterLogEvents', {
      logGroupName: group,
      startTime: seen.from,
      ...(nextToken === undefined ? {} : { nextToken }),
    })
    for (const event of listAt(answer, 'events')) {
      const id = stringAt(event, 'eventId') ?? ''
      if (seen.ids.has(id)) continue
      seen.ids.add(id)
      const at = numberAt(event, 'timestamp') ?? 0
      seen.from = Math.max(seen.from, at)
      const message = (stringAt(event, 'message') ?? '').trimEnd()
      terminal.out(
        terminal.json
          ? JSON.stringify({ timestamp: at, stream: stringAt(event, 'logStreamName'), message })
          : `${isoMs(instant(at))}  ${message}`,
      )
    }
    nextToken = stringAt(answer, 'nextToken')
  } while (nextToken !== undefined)
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const name = parsed.words[0] ?? ''
  const group = name.startsWith('/') ? name : `/aws/lambda/${name}`
  const since = parsed.value('since')
  const sinceMs = since === undefined ? DEFAULT_SINCE_MS : parseDuration(since)
  if (sinceMs === undefined)
    throw new UsageError(`"${since ?? ''}" is no duration.`, '--since', 'For example: --since 15m')
  const seen: Seen = { from: Math.max(0, Date.now() - sinceMs), ids: new Set() }
  await show(client, group, seen, terminal)
  if (!parsed.has('follow')) return EXIT.ok
  const stop = new AbortController()
  process.on('SIGINT', () => stop.abort())
  while (!stop.signal.aborted) {
    await new Promise((resume) => setTimeout(resume, POLL_MS))
    await show(client, group, seen, terminal)
  }
  return EXIT.ok
}

export const logs: Command = {
  name: 'logs',
  summary: 'Show what a function wrote.',
  usage: 'logs FUNCTION | LOG-GROUP [--since DURATION] [--follow]',
  example: 'windtunnel logs hello --follow',
  options: [
    { name: 'since', value: 'DURATION', sentence: 'How far back to begin (default 10m).' },
    { name: 'follow', sentence: 'Go on as lines come, until Ctrl-C.' },
    { name: 'region', value: 'REGION', sentence: 'Region of the log group (default us-east-1).' },
  ],
  words: { min: 1, max: 1 },
  run,
}
