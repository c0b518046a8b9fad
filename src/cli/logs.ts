/** `windtunnel logs`: what a function wrote, by its name or its log group, once or as it comes. */
import { numberAt, stringAt } from '#base/json.ts'
import { instant, isoMs } from '#base/time.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { ApiError, type PlatformClient, clientOf, listAt } from '#cli/client.ts'
import { parseDuration } from '#cli/clock.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { functionNamed, functionNames, meant } from '#cli/functions.ts'
import { Interruption } from '#cli/interruption.ts'
import type { Terminal } from '#cli/terminal.ts'

const POLL_MS = 500
const DEFAULT_SINCE_MS = 10 * 60_000

interface Seen {
  from: number
  readonly ids: Set<string>
}

/** Prints what is new; resolves to how many lines that were, or undefined while there is no such group. */
async function show(
  client: PlatformClient,
  group: string,
  seen: Seen,
  terminal: Terminal,
): Promise<number | undefined> {
  let nextToken: string | undefined
  let shown = 0
  do {
    const answer = await filtered(client, { logGroupName: group, startTime: seen.from, nextToken })
    if (answer === undefined) return undefined
    for (const event of listAt(answer, 'events')) {
      const id = stringAt(event, 'eventId') ?? ''
      if (seen.ids.has(id)) continue
      seen.ids.add(id)
      const at = numberAt(event, 'timestamp') ?? 0
      seen.from = Math.max(seen.from, at)
      const message = (stringAt(event, 'message') ?? '').trimEnd()
      shown++
      terminal.out(
        terminal.json
          ? JSON.stringify({ timestamp: at, stream: stringAt(event, 'logStreamName'), message })
          : `${isoMs(instant(at))}  ${message}`,
      )
    }
    nextToken = stringAt(answer, 'nextToken')
  } while (nextToken !== undefined)
  return shown
}

async function filtered(
  client: PlatformClient,
  input: { logGroupName: string; startTime: number; nextToken: string | undefined },
): Promise<unknown> {
  try {
    return await client.call('logs', 'FilterLogEvents', input)
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ResourceNotFoundException') return undefined
    throw error
  }
}

interface Subject {
  readonly group: string
  /** It is known, so that a group that is not there yet means silence and no mistake. */
  readonly isFunction: boolean
}

/** A log group by its name, else that of the function. */
async function subjectOf(client: PlatformClient, name: string): Promise<Subject> {
  if (name.startsWith('/')) return { group: name, isFunction: false }
  const found = meant(name, await functionNames(client))
  return { group: `/aws/lambda/${found ?? name}`, isFunction: found !== undefined }
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const name = parsed.words[0] ?? ''
  const since = parsed.value('since')
  const sinceMs = since === undefined ? DEFAULT_SINCE_MS : parseDuration(since)
  if (sinceMs === undefined)
    throw new UsageError(`"${since ?? ''}" is no duration.`, '--since', 'For example: --since 15m')
  const { group, isFunction } = await subjectOf(client, name)
  const seen: Seen = { from: Math.max(0, Date.now() - sinceMs), ids: new Set() }
  // Ctrl-C is how following ends
  using interruption = parsed.has('follow') ? new Interruption() : undefined
  const shown = await show(client, group, seen, terminal)
  if (shown === undefined && !isFunction) {
    if (!name.startsWith('/')) await functionNamed(client, name) // says what was meant
    throw new UsageError(
      'There is no such log group.',
      name,
      'windtunnel logs FUNCTION takes a function too.',
    )
  }
  if (interruption === undefined) {
    if ((shown ?? 0) === 0) terminal.note(nothing(shown, since))
    return EXIT.ok
  }
  while (interruption.code === undefined) {
    const pause = new Promise((resume) => setTimeout(resume, POLL_MS))
    await Promise.race([pause, interruption.arrived])
    await show(client, group, seen, terminal)
  }
  return EXIT.ok
}

function nothing(shown: number | undefined, since: string | undefined): string {
  return shown === undefined
    ? 'it wrote nothing yet; --follow waits for it'
    : `nothing in the last ${since ?? '10m'}; --since 24h looks further back`
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
