/** `windtunnel environments`: the execution environments that are alive, and in which state. */
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import type { Parsed } from '#cli/arguments.ts'
import { clientOf, listAt } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
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

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
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
  summary: 'List the execution environments that are alive.',
  usage: 'environments',
  example: 'windtunnel environments',
  options: [],
  words: { min: 0, max: 0 },
  run,
}
