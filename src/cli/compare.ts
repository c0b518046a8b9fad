/** `windtunnel compare`: two flights side by side, each difference with its 95 % interval. */
import { writeFileSync } from 'node:fs'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { loadReport } from '#cli/flights.ts'
import { renderCompare } from '#cli/render/compare.ts'
import type { Terminal } from '#cli/terminal.ts'
import { compareReports } from '#lab/compare.ts'
import { compareMarkdown } from '#lab/markdown.ts'

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const [first, second] = parsed.words
  const before = loadReport(first ?? 'previous')
  const after = loadReport(second)
  const compared = compareReports(before, after)
  if (!compared.ok)
    throw new UsageError(
      compared.error,
      `${before.startedAt} and ${after.startedAt}`,
      'Fly both on one machine in one mode.',
    )
  const markdown = parsed.value('markdown')
  if (markdown === '-' && terminal.json)
    throw new UsageError(
      'Only one form can be printed at a time.',
      '--json --markdown -',
      'Give the other a file, such as --markdown compare.md',
    )
  if (markdown !== undefined) {
    const text = compareMarkdown(compared.value, after.budgets)
    if (markdown === '-') terminal.out(text)
    else {
      writeFileSync(markdown, text)
      terminal.note(`wrote ${markdown}`)
    }
  }
  if (terminal.json) terminal.out(JSON.stringify(compared.value))
  else if (markdown === undefined)
    terminal.out(renderCompare(compared.value, { width: terminal.width, color: terminal.color }))
  return EXIT.ok
}

export const compare: Command = {
  name: 'compare',
  summary: 'Put two flights side by side, with 95 % intervals.',
  usage: 'compare [BEFORE] [AFTER] [--markdown FILE]',
  example: 'windtunnel compare previous latest',
  options: [{ name: 'markdown', value: 'FILE', sentence: 'Write it for a pull request; - prints it.' }],
  words: { min: 0, max: 2 },
  run,
}
