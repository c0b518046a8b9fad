/** `windtunnel reset`: empties a running platform. */
import type { Parsed } from '#cli/arguments.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import type { Terminal } from '#cli/terminal.ts'

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  await client.post('/_windtunnel/reset', {})
  terminal.out(
    terminal.json
      ? JSON.stringify({ reset: true })
      : `emptied ${client.endpoint}: functions, stacks, buckets, logs, spans and usage are gone`,
  )
  return EXIT.ok
}

export const reset: Command = {
  name: 'reset',
  summary: 'Empty a running platform of everything.',
  usage: 'reset',
  example: 'windtunnel reset',
  options: [],
  words: { min: 0, max: 0 },
  run,
}
