/** `windtunnel environments`: the execution environments that are alive, and in which state; and their end on demand. */
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf, listAt } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { functionNamed } from '#cli/functions.ts'
import { plural } from '#lab/figures.ts'
import { painter } from '#cli/render/palette.ts'
import { type Column, table } from '#cli/render/table.ts'
import type { Terminal } from '#cli/terminal.ts'

const COLUMNS: readonly (readonly [
  title: string,
  align: Column['align'],
  print: (row: unknown) => string,
])[] = [
  ['function', 'left', (row) => (stringAt(row, 'functionArn') ?? '').replace(/^.*:function:/, '')],
  [
    'state',
    'left',
    (row) => `${stringAt(row, 'state') ?? ''}${valueAt(row, 'frozen') === true ? ' (frozen)' : ''}`,
  ],
  ['invokes', 'right', (row) => String(numberAt(row, 'invokes') ?? 0)],
  ['init ms', 'right', (row) => (numberAt(row, 'initMs') ?? 0).toFixed(1)],
  ['id', 'left', (row) => stringAt(row, 'id') ?? ''],
]

const ACTIONS = ['recycle', 'kill']

/** Those of a function, or those whose id begins so; all without a name. */
async function ended(parsed: Parsed, terminal: Terminal): Promise<number> {
  const [action = '', name] = parsed.words
  if (!ACTIONS.includes(action))
    throw new UsageError('Environments are recycled or killed.', action, 'windtunnel environments recycle')
  const client = clientOf(parsed)
  const isId = name !== undefined && /^[0-9a-f]{4,32}$/.test(name)
  const what = name === undefined ? {} : isId ? { id: name } : { function: await functionNamed(client, name) }
  const answer = await client.post('/_windtunnel/environments', { action, ...what })
  const count = numberAt(answer, 'ended') ?? 0
  if (terminal.json) terminal.out(JSON.stringify(answer))
  else terminal.out(`${plural(count, 'environment')} ${action === 'kill' ? 'killed' : 'recycled'}`)
  return EXIT.ok
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  if (parsed.words.length > 0) return await ended(parsed, terminal)
  const answer = await clientOf(parsed).get('/_windtunnel/environments')
  const rows = listAt(answer, 'environments')
  if (terminal.json) terminal.out(JSON.stringify(answer))
  else if (rows.length === 0) terminal.out('no execution environment is alive')
  else {
    const columns = COLUMNS.map(([title, align, print], i) => ({
      title,
      align,
      cells: rows.map((row) => print(row)),
      leaves: i,
    }))
    for (const line of table(columns, terminal.width, painter(terminal.color))) terminal.out(line)
  }
  return EXIT.ok
}

export const environments: Command = {
  name: 'environments',
  summary: 'List the execution environments that are alive; recycle or kill some.',
  usage: 'environments [recycle|kill [FUNCTION|ID]]',
  example: 'windtunnel environments',
  options: [],
  words: { min: 0, max: 2 },
  run,
}
