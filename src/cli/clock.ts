/** `windtunnel clock`: shows and moves the virtual time of a platform started with --virtual-time. */
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import { instant, isoMs } from '#base/time.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import type { Terminal } from '#cli/terminal.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1h30m`, `15m`, `250ms` as milliseconds. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return undefined
  return parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0), 0)
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const [action = 'show', amount] = parsed.words
  const state =
    action === 'show'
      ? await client.get('/_windtunnel/clock')
      : await client.post('/_windtunnel/clock', order(action, amount))
  if (terminal.json) terminal.out(JSON.stringify(state))
  else {
    const now = numberAt(state, 'nowMs')
    const kind =
      valueAt(state, 'virtual') === true
        ? valueAt(state, 'frozen') === true
          ? 'virtual, frozen'
          : 'virtual'
        : 'real'
    terminal.out(
      `${now === undefined ? '' : isoMs(instant(now))}  ${kind}  ${((numberAt(state, 'offsetMs') ?? 0) / 1_000).toFixed(1)} s ahead  ${numberAt(state, 'pending') ?? 0} waiting  ${stringAt(state, 'hint') ?? ''}`.trimEnd(),
    )
  }
  return EXIT.ok
}

function order(action: string, amount: string | undefined): { action: string; ms?: number } {
  if (action === 'freeze' || action === 'resume') return { action }
  if (action !== 'advance')
    throw new UsageError(
      `A clock has no "${action}".`,
      'windtunnel clock',
      'Use show, advance, freeze or resume.',
    )
  const ms = amount === undefined ? undefined : parseDuration(amount)
  if (ms === undefined)
    throw new UsageError(
      'advance needs a duration.',
      amount ?? 'windtunnel clock advance',
      'For example: windtunnel clock advance 15m',
    )
  return { action, ms }
}

export const clock: Command = {
  name: 'clock',
  summary: 'Show or move the virtual time of a platform started with --virtual-time.',
  usage: 'clock [show | advance DURATION | freeze | resume]',
  example: 'windtunnel clock advance 15m',
  options: [],
  words: { min: 0, max: 2 },
  run,
}
