/** `windtunnel report`: a saved flight again, in the terminal, as JSON, HTML, markdown or JUnit. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { loadReport } from '#cli/flights.ts'
import { asCalled } from '#cli/program.ts'
import { renderReport } from '#cli/render/report.ts'
import type { Terminal } from '#cli/terminal.ts'
import { htmlOf } from '#lab/html.ts'
import { junitOf } from '#lab/junit.ts'
import { markdownOf } from '#lab/markdown.ts'
import type { FlightReport } from '#lab/report.ts'

const FORMS: readonly { readonly option: string; make(report: FlightReport): string }[] = [
  { option: 'html', make: (report) => htmlOf(report, chartLibrary()) },
  { option: 'markdown', make: markdownOf },
  { option: 'junit', make: junitOf },
]

/** The chart library's own text, to stand inside the page. */
export function chartLibrary(): { readonly script: string; readonly style: string } {
  const find = createRequire(import.meta.url)
  return {
    script: readFileSync(find.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    style: readFileSync(find.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  }
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const report = loadReport(parsed.words[0])
  const wanted = FORMS.filter(({ option }) => parsed.has(option))
  const printed = wanted
    .filter(({ option }) => parsed.value(option) === '-')
    .map(({ option }) => `--${option} -`)
  if (terminal.json) printed.push('--json')
  if (printed.length > 1)
    throw new UsageError(
      'Only one form can be printed at a time.',
      printed.join(' '),
      'Give the others a file, such as --html report.html',
    )
  for (const form of wanted) {
    const text = form.make(report)
    const path = parsed.value(form.option) ?? ''
    if (path === '-') terminal.out(text)
    else {
      writeFileSync(path, text)
      terminal.note(`wrote ${path} (${Math.ceil(text.length / 1024)} KB)`)
    }
  }
  if (terminal.json) terminal.out(JSON.stringify(report))
  else if (wanted.length === 0)
    terminal.out(
      renderReport(report, {
        width: terminal.width,
        color: terminal.color,
        next: [asCalled('windtunnel report --html report.html')],
      }),
    )
  return EXIT.ok
}

export const report: Command = {
  name: 'report',
  summary: 'Show a saved flight again, or write it as HTML, markdown or JUnit.',
  usage: 'report [FLIGHT] [--html FILE] [--markdown FILE] [--junit FILE]',
  example: 'windtunnel report --html report.html',
  options: [
    { name: 'html', value: 'FILE', sentence: 'Write one self-contained page; - prints it.' },
    { name: 'markdown', value: 'FILE', sentence: 'Write it for a pull request; - prints it.' },
    { name: 'junit', value: 'FILE', sentence: 'Write budgets as test cases for CI; - prints it.' },
  ],
  words: { min: 0, max: 1 },
  run,
}
