/**
 * `windtunnel imports`: starts one function over and over without calling it, looks at what it loads before its handler,
 * and starts it again with its slowest imports put off, to see what a lazy import would really save.
 */
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf, type PlatformClient } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { functionNamed } from '#cli/functions.ts'
import { Interrupted, Interruption } from '#cli/interruption.ts'
import { renderImports } from '#cli/render/imports.ts'
import type { Terminal } from '#cli/terminal.ts'
import {
  candidates,
  type DirectImport,
  importsReport,
  type LazyStarts,
  type LoadRecord,
  readLoadRecord,
} from '#lab/imports.ts'

const DEFAULT_ROUNDS = 10
const DEFAULT_LAZY = 4

interface Start {
  readonly initMs: number
  readonly record: LoadRecord | undefined
}

/** One start; `why` when it did not come up. */
async function started(
  client: PlatformClient,
  functionName: string,
  watch?: Readonly<Record<string, unknown>>,
): Promise<Start | { readonly why: string }> {
  const answer = await client.post('/_windtunnel/start', {
    function: functionName,
    ...(watch === undefined ? {} : { watch }),
  })
  const why = stringAt(answer, 'why')
  if (why !== undefined) return { why }
  return { initMs: numberAt(answer, 'initMs') ?? 0, record: readLoadRecord(valueAt(answer, 'record')) }
}

/** Those that must come up. Throws UsageError in the function's words. */
async function surely(
  client: PlatformClient,
  functionName: string,
  watch?: Readonly<Record<string, unknown>>,
): Promise<Start> {
  const start = await started(client, functionName, watch)
  if ('why' in start)
    throw new UsageError(
      `The function does not come up, so there is nothing to look at: ${start.why}`,
      functionName,
      `Run it once and read its log: windtunnel invoke ${functionName}`,
    )
  return start
}

interface Trial {
  readonly of: DirectImport
  readonly order: Readonly<Record<string, unknown>>
  readonly initMs: number[]
  used: boolean
  failed: string | undefined
}

const trialOf = (of: DirectImport, record: LoadRecord): Trial => ({
  of,
  order: { lazy: [{ id: of.id, exports: record.exports[of.id] ?? [] }] },
  initMs: [],
  used: false,
  failed: undefined,
})

async function attempt(trial: Trial, client: PlatformClient, functionName: string): Promise<void> {
  if (trial.failed !== undefined) return
  const start = await started(client, functionName, trial.order)
  if ('why' in start) {
    trial.failed = start.why
    return
  }
  trial.initMs.push(start.initMs)
  trial.used ||= start.record?.used.includes(trial.of.id) === true
}

interface Looked {
  readonly plainMs: readonly number[]
  readonly watchedMs: readonly number[]
  readonly records: readonly LoadRecord[]
  readonly lazy: readonly LazyStarts[]
}

interface Plan {
  readonly client: PlatformClient
  readonly functionName: string
  readonly rounds: number
  readonly lazyMax: number
  readonly interruption: Interruption
  step(line: string): void
}

/** All kinds of starts in turn, so that what the machine does meanwhile meets all of them alike. */
async function look(plan: Plan): Promise<Looked> {
  const { client, functionName } = plan
  plan.step(`starting ${functionName} once`)
  await surely(client, functionName) // reads its files, which the first start of all has to wait for
  const first = await surely(client, functionName, {})
  const found = first.record === undefined ? [] : candidates(first.record, plan.lazyMax)
  const trials = found.flatMap((of) => (first.record === undefined ? [] : [trialOf(of, first.record)]))
  const plainMs: number[] = []
  const watchedMs: number[] = []
  const records: LoadRecord[] = []
  for (let round = 1; round <= plan.rounds && plan.interruption.code === undefined; round++) {
    plan.step(`round ${round} of ${plan.rounds}, ${2 + trials.length} starts each`)
    plainMs.push((await surely(client, functionName)).initMs)
    if (first.record === undefined) continue
    const watched = await surely(client, functionName, {})
    watchedMs.push(watched.initMs)
    if (watched.record !== undefined) records.push(watched.record)
    for (const trial of trials) await attempt(trial, client, functionName)
  }
  return { plainMs, watchedMs, records, lazy: trials }
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const functionName = await functionNamed(client, parsed.words[0] ?? '')
  const rounds = parsed.integer('rounds', 1) ?? DEFAULT_ROUNDS
  const lazyMax = parsed.integer('lazy', 0) ?? DEFAULT_LAZY
  const configuration = await client.call('lambda', 'GetFunctionConfiguration', {
    FunctionName: functionName,
  })
  using interruption = new Interruption()
  const step = (line: string): void => {
    if (!terminal.json) terminal.step(line)
  }
  const looked = await look({ client, functionName, rounds, lazyMax, interruption, step })
  terminal.settled()
  const architectures = valueAt(configuration, 'Architectures')
  const report = importsReport({
    ...looked,
    functionName,
    runtime: stringAt(configuration, 'Runtime') ?? '',
    memoryMb: numberAt(configuration, 'MemorySize') ?? 128,
    architecture: Array.isArray(architectures) ? String(architectures[0]) : 'x86_64',
    packageBytes: numberAt(configuration, 'CodeSize') ?? 0,
    book: usEast1Prices,
  })
  const { code } = interruption
  if (report === undefined) {
    if (code !== undefined)
      throw new Interrupted(
        code,
        `imports of ${functionName}: nothing was measured`,
        'Let it run to its end.',
      )
    throw new Trouble('No start was measured.', functionName, `windtunnel logs ${functionName}`)
  }
  if (terminal.json) terminal.out(JSON.stringify(report))
  else terminal.out(renderImports(report, { width: terminal.width, color: terminal.color }))
  return code ?? EXIT.ok
}

export const imports: Command = {
  name: 'imports',
  summary: 'Show where the time before the handler goes, by import, and what a lazy import would save.',
  usage: 'imports FUNCTION [--rounds N] [--lazy N]',
  example: 'windtunnel imports orders',
  options: [
    { name: 'rounds', value: 'N', sentence: `Starts of each kind (default ${DEFAULT_ROUNDS}).` },
    {
      name: 'lazy',
      value: 'N',
      sentence: `How many of the slowest imports are put off, one at a time (default ${DEFAULT_LAZY}).`,
    },
    { name: 'region', value: 'REGION', sentence: 'Region of the function (default us-east-1).' },
  ],
  words: { min: 1, max: 1 },
  run,
}
