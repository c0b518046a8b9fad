/**
 * Where the time before the handler goes: what starts that were looked at tell, put together by import. An import's
 * time is its own and that of everything that was loaded for it first; what a lazy import saves is measured by starts
 * with that import put off, never computed from the time. Not here: how starts are made (`windtunnel imports`).
 */
import { isRecord, numberAt, stringAt, valueAt } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { billOf } from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import { quantised } from '#engines/quantiles/quantiles.ts'
import {
  changeOf,
  type Interval,
  interval95,
  resampled,
  type Statistic,
  statisticOf,
} from '#engines/statistics/bootstrap.ts'

export const IMPORTS_FORMAT = 'windtunnel-imports/1'
/** Put off only what could matter: at least so much, and so much of the whole. */
const CANDIDATE_MS = 2
const CANDIDATE_SHARE = 0.02
const MEDIAN: Statistic = { kind: 'percentile', percent: 50 }
const DIGITS = 4

export interface LoadedModule {
  /** A file, a `node:` module, or the name of a Python module. */
  readonly id: string
  /** Whose code asked for it first; undefined or empty for the runtime client. */
  readonly parent: string | undefined
  /** As it was asked for. */
  readonly specifier: string
  /** Without what was loaded within it. */
  readonly selfMs: number
  readonly bytes: number
}

/** What a runtime client tells of one start that it watched. */
export interface LoadRecord {
  /** From the start of the process to the first look at the function's code. */
  readonly bootMs: number
  /** From there to the handler. */
  readonly loadMs: number
  /** False where ES modules cannot be looked into: Node.js 20. */
  readonly seesModules: boolean
  readonly modules: readonly LoadedModule[]
  /** Ids of the function's own files. */
  readonly own: ReadonlySet<string>
  /** For the client, which made them: what stand-ins need to know. */
  readonly exports: Readonly<Record<string, unknown>>
  /** What was put off and used all the same, before the handler. */
  readonly used: readonly string[]
}

/** Undefined when it is none. */
export function readLoadRecord(value: unknown): LoadRecord | undefined {
  const modules = valueAt(value, 'modules')
  if (!Array.isArray(modules)) return undefined
  const exported = valueAt(value, 'exports')
  return {
    bootMs: numberAt(value, 'bootMs') ?? 0,
    loadMs: numberAt(value, 'loadMs') ?? 0,
    seesModules: valueAt(value, 'seesModules') === true,
    modules: modules.filter(isRecord).map((module) => ({
      id: stringAt(module, 'id') ?? '',
      parent: stringAt(module, 'parent'),
      specifier: stringAt(module, 'specifier') ?? '',
      selfMs: numberAt(module, 'selfMs') ?? 0,
      bytes: numberAt(module, 'bytes') ?? 0,
    })),
    own: new Set(strings(valueAt(value, 'own'))),
    exports: isRecord(exported) ? exported : {},
    used: strings(valueAt(value, 'used')),
  }
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

/** Something that the function's own files import. */
export interface DirectImport {
  readonly id: string
  readonly name: string
  /** The own file that asked first. */
  readonly importer: string
  /** With everything that was loaded for it first. */
  readonly totalMs: number
  readonly files: number
  readonly bytes: number
  /** What of it took longest, by itself. */
  readonly parts: readonly { readonly id: string; readonly selfMs: number }[]
}

/** Imports of the function's own files, slowest first. */
export function directImports({ modules, own }: LoadRecord): DirectImport[] {
  const children = Map.groupBy(modules, (module) => module.parent ?? '')
  const below = (root: LoadedModule): LoadedModule[] => {
    const found = [root]
    const seen = new Set([root.id])
    for (let at = 0; at < found.length; at++) {
      for (const child of children.get(found[at]?.id ?? '') ?? []) {
        if (seen.has(child.id) || own.has(child.id)) continue
        seen.add(child.id)
        found.push(child)
      }
    }
    return found
  }
  return modules
    .filter(({ id, parent }) => !own.has(id) && parent !== undefined && own.has(parent))
    .map((module) => {
      const all = below(module)
      return {
        id: module.id,
        name: module.specifier,
        importer: module.parent ?? '',
        totalMs: all.reduce((sum, one) => sum + one.selfMs, 0),
        files: all.filter(({ bytes }) => bytes > 0).length,
        bytes: all.reduce((sum, one) => sum + one.bytes, 0),
        parts: all
          .toSorted((a, b) => b.selfMs - a.selfMs)
          .slice(0, 3)
          .map(({ id, selfMs }) => ({ id, selfMs })),
      }
    })
    .toSorted((a, b) => b.totalMs - a.totalMs)
}

/** What is worth starting without: the slowest imports, at most `most`. */
export function candidates(record: LoadRecord, most: number): DirectImport[] {
  const least = Math.max(CANDIDATE_MS, CANDIDATE_SHARE * (record.bootMs + record.loadMs))
  return directImports(record)
    .filter(({ totalMs }) => totalMs >= least)
    .slice(0, most)
}

export interface LazyStarts {
  readonly of: DirectImport
  /** Of starts with it put off; empty when there was none that came up. */
  readonly initMs: readonly number[]
  /** It was used before the handler all the same. */
  readonly used: boolean
  /** Why starts with it put off failed. */
  readonly failed: string | undefined
}

export interface ImportsInput {
  readonly functionName: string
  readonly runtime: string
  readonly memoryMb: number
  readonly architecture: string
  readonly packageBytes: number
  /** Starts as all others are. */
  readonly plainMs: readonly number[]
  /** Watched ones: their whole time, and what they told. */
  readonly watchedMs: readonly number[]
  readonly records: readonly LoadRecord[]
  readonly lazy: readonly LazyStarts[]
  readonly book: PriceBook
}

export interface MedianReport {
  readonly ms: number
  readonly low: number
  readonly high: number
}

export interface ImportRow {
  readonly name: string
  readonly importer: string
  readonly ms: number
  /** Of the whole time before the handler. */
  readonly share: number
  readonly files: number
  readonly bytes: number
  readonly slowest: readonly { readonly id: string; readonly ms: number }[]
  /** Null when nobody tried: too little to matter. */
  readonly lazy: {
    /** Negative or 0 when nothing is saved; null when no start came up. */
    readonly savedMs: number | null
    readonly saved95: Interval | null
    /** In a million cold starts. */
    readonly savedUsd: string | null
    readonly used: boolean
    readonly failed: string | null
  } | null
}

export interface ImportsReport {
  readonly format: typeof IMPORTS_FORMAT
  readonly functionName: string
  readonly runtime: string
  readonly memoryMb: number
  readonly packageBytes: number
  readonly starts: number
  readonly init: MedianReport
  /** What a million cold starts cost for their init. */
  readonly initUsd: string
  /** Null when this runtime tells nothing. */
  readonly parts: {
    readonly bootMs: number
    readonly importsMs: number
    /** The function's own files, by themselves. */
    readonly ownMs: number
    /** Reading, compiling and linking that belongs to no module. */
    readonly restMs: number
    readonly modules: number
    readonly bytes: number
    readonly seesModules: boolean
  } | null
  readonly imports: readonly ImportRow[]
}

const median = (values: readonly number[]): number => statisticOf(quantised(values, DIGITS), MEDIAN) ?? 0

/** Undefined without a single start. */
export function importsReport(input: ImportsInput): ImportsReport | undefined {
  const { plainMs, records, book } = input
  if (plainMs.length === 0) return undefined
  const samples = quantised(plainMs, DIGITS)
  const { low, high } = interval95(resampled(samples, MEDIAN, seeded(1)))
  const ms = median(plainMs)
  return {
    format: IMPORTS_FORMAT,
    functionName: input.functionName,
    runtime: input.runtime,
    memoryMb: input.memoryMb,
    packageBytes: input.packageBytes,
    starts: plainMs.length,
    init: { ms, low, high },
    initUsd: usdOf(input, ms, book),
    parts: partsOf(records),
    imports: rowsOf(input),
  }
}

/** Of a million cold starts, at list price. */
function usdOf({ memoryMb, architecture }: ImportsInput, ms: number, book: PriceBook): string {
  const dimension = architecture === 'arm64' ? 'durationArm' : 'durationX86'
  const quantity = Decimal.of(BigInt(Math.round(ms * 1_000)) * 1_000n * BigInt(memoryMb))
  const bill = billOf([{ service: 'lambda', dimension, unit: 'mb-ms', phase: 'init', quantity }], book)
  return bill.totalUsd.toString()
}

function partsOf(records: readonly LoadRecord[]): ImportsReport['parts'] {
  const last = records.at(-1)
  if (last === undefined) return null
  const over = (of: (record: LoadRecord) => number): number => median(records.map(of))
  const ownMs = over(({ modules, own }) => selfOf(modules.filter(({ id }) => own.has(id))))
  const importsMs = over((record) => directImports(record).reduce((sum, { totalMs }) => sum + totalMs, 0))
  const loadMs = over((record) => record.loadMs)
  return {
    bootMs: over(({ bootMs }) => bootMs),
    importsMs,
    ownMs,
    restMs: Math.max(0, loadMs - importsMs - ownMs),
    modules: last.modules.length,
    bytes: last.modules.reduce((sum, { bytes }) => sum + bytes, 0),
    seesModules: last.seesModules,
  }
}

const selfOf = (modules: readonly LoadedModule[]): number =>
  modules.reduce((sum, { selfMs }) => sum + selfMs, 0)

function rowsOf(input: ImportsInput): ImportRow[] {
  const timesOf = Map.groupBy(input.records.flatMap(directImports), ({ id }) => id)
  const wholeMs = median(input.records.map(({ bootMs, loadMs }) => bootMs + loadMs))
  return [...timesOf.values()]
    .flatMap((times) => {
      const one = times.at(-1)
      if (one === undefined) return []
      const ms = median(times.map(({ totalMs }) => totalMs))
      return {
        name: one.name,
        importer: one.importer,
        ms,
        share: wholeMs === 0 ? 0 : ms / wholeMs,
        files: one.files,
        bytes: one.bytes,
        slowest: one.parts.map(({ id, selfMs }) => ({ id, ms: selfMs })),
        lazy: lazyOf(input, one.id),
      }
    })
    .toSorted((a, b) => b.ms - a.ms)
}

function lazyOf(input: ImportsInput, id: string): ImportRow['lazy'] {
  const tried = input.lazy.find(({ of }) => of.id === id)
  if (tried === undefined) return null
  const change = changeOf(
    quantised(tried.initMs, DIGITS),
    quantised(input.watchedMs, DIGITS),
    MEDIAN,
    seeded(1),
  )
  const savedMs = change?.difference ?? null
  return {
    savedMs,
    saved95: change?.difference95 ?? null,
    savedUsd: savedMs === null ? null : usdOf(input, Math.max(0, savedMs), input.book),
    used: tried.used,
    failed: tried.failed ?? null,
  }
}
