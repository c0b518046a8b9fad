/**
 * `npm run bench`: all figures as one table. Each is measured beside its floor or peer in the same run, because a figure
 * alone says more about the machine than about us. Exit code 0 unless a figure could not be measured: a missed target is
 * for people to judge, on the machine it was missed on.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheFolder } from '#cli/cache-folder.ts'
import type { Figure, Row } from './figure.ts'
import { burst } from './measure-burst.ts'
import { calls } from './measure-calls.ts'
import { cold } from './measure-cold.ts'
import { events } from './measure-events.ts'
import { fleet } from './measure-fleet.ts'
import { hour } from './measure-hour.ts'
import { invoke } from './measure-invoke.ts'
import { objects } from './measure-objects.ts'
import { patterns } from './measure-patterns.ts'
import { primes } from './measure-primes.ts'
import { queueFunction } from './measure-queue-function.ts'
import { stack } from './measure-stack.ts'
import { start } from './measure-start.ts'
import { sns } from './measure-sns.ts'
import { sqs } from './measure-sqs.ts'
import { jsonOf, tableOf } from './table.ts'
import { ways } from './measure-ways.ts'

const FIGURES: readonly Figure[] = [
  start,
  invoke,
  cold,
  burst,
  calls,
  primes,
  patterns,
  sqs,
  sns,
  queueFunction,
  objects,
  events,
  fleet,
  stack,
  hour,
  ways,
]

const HELP = `npm run bench -- [--only NAME[,NAME]] [--json] [--quick]

  --only NAME   only these figures: ${FIGURES.map((figure) => figure.name).join(', ')}
  --json        rows with all rounds, as JSON
  --quick       few and short rounds: shows that all of it runs, proves nothing

Example: npm run bench -- --only invoke,cold`

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const wanted = values.only?.split(',') ?? FIGURES.map((figure) => figure.name)
  const unknown = wanted.filter((name) => !FIGURES.some((figure) => figure.name === name))
  if (unknown.length > 0) {
    console.error(`There is no figure "${unknown.join(', ')}".\n\n${HELP}`)
    return 2
  }
  const chosen = FIGURES.filter((figure) => wanted.includes(figure.name))
  const { rows, failed } = await measured(chosen, values.quick)
  console.log(values.json ? jsonOf(rows) : `${machine()}\n\n${tableOf(rows)}`)
  return failed ? 1 : 0
}

const machine = (): string =>
  `${availableParallelism()} cores, ${process.platform} ${process.arch}, Node ${process.version}`

async function measured(
  figures: readonly Figure[],
  quick: boolean,
): Promise<{ rows: Row[]; failed: boolean }> {
  const scratch = mkdtempSync(join(tmpdir(), 'windtunnel-bench-'))
  chmodSync(scratch, 0o711) // functions reach their code below it
  const rows: Row[] = []
  let failed = false
  try {
    for (const figure of figures) {
      const { name } = figure
      const startedAt = performance.now()
      const step = (line: string): void => void process.stderr.write(`${name}: ${line}\n`)
      step('measuring')
      try {
        const root = dirname(dirname(fileURLToPath(import.meta.url)))
        rows.push(...(await figure.measure({ quick, root, cacheFolder: cacheFolder(), scratch, step })))
        step(`measured in ${Math.round((performance.now() - startedAt) / 1_000)} s`)
      } catch (error) {
        failed = true
        step(`could not be measured: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return { rows, failed }
}

process.exitCode = await main(process.argv.slice(2))
