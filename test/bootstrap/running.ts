/**
 * A platform that was started in one of the ways users start it, with a function at work, and everything that belongs to
 * it: found by walking the process tree and by a mark in the functions' environment.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { utf8 } from '#base/bytes.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { zipOf } from '#engines/zip/write.ts'

const START_MS = 60_000
const END_MS = 15_000

/** One process; the start time tells it from a later one of the same number. */
export interface Seen {
  readonly pid: number
  readonly started: string
  readonly words: string
}

function statusOf(
  pid: number,
): { readonly parent: number; readonly group: number; readonly seen: Seen } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
    return {
      parent: Number(fields[1]),
      group: Number(fields[2]),
      seen: { pid, started: fields[19] ?? '', words },
    }
  } catch {
    return undefined
  }
}

const everyPid = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** That process and all below it, as they are now. */
export function treeOf(top: number): Seen[] {
  const all = everyPid().flatMap((pid) => {
    const status = statusOf(pid)
    return status === undefined ? [] : [status]
  })
  const tree: Seen[] = all.filter(({ seen }) => seen.pid === top).map(({ seen }) => seen)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid).map(({ seen }) => seen))
  return tree
}

function marked(mark: string): Seen[] {
  return everyPid().flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`MARK=${mark}`)) return []
    } catch {
      return []
    }
    const status = statusOf(pid)
    return status === undefined ? [] : [status.seen]
  })
}

const isThere = ({ pid, started }: Seen): boolean => statusOf(pid)?.seen.started === started

/** What of these still runs; waited for until nothing does, or until the bound. */
export async function leftOf(watched: () => readonly Seen[]): Promise<readonly string[]> {
  const until = performance.now() + END_MS
  for (;;) {
    const left = watched().filter(isThere)
    if (left.length === 0 || performance.now() > until) return left.map(({ pid, words }) => `${pid} ${words}`)
    await delay(50)
  }
}

export class Running {
  readonly top: ChildProcess
  readonly url: string
  readonly #mark: string
  readonly #tree: readonly Seen[]

  constructor(parts: { top: ChildProcess; url: string; mark: string; tree: readonly Seen[] }) {
    this.top = parts.top
    this.url = parts.url
    this.#mark = parts.mark
    this.#tree = parts.tree
  }

  /** How many processes belong to it. */
  get size(): number {
    return this.#tree.length
  }

  /** What of the platform still runs; waited for until nothing does, or until the bound. */
  async left(): Promise<readonly string[]> {
    return await leftOf(() => [...this.#tree, ...marked(this.#mark)])
  }

  /** After a failed test: nothing may stay. */
  end(): void {
    for (const { pid, started } of [...this.#tree, ...marked(this.#mark)])
      if (statusOf(pid)?.seen.started === started) process.kill(pid, 'SIGKILL')
  }
}

interface Start {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Starts a platform (`argv` ends with `up ... --json`), creates a function and has it work for minutes. */
export async function running({ argv, cwd, env }: Start): Promise<Running> {
  const mark = `${process.pid}-${performance.now()}`
  const [program = '', ...args] = argv
  const top = spawn(program, args, {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let told = ''
  top.stderr.setEncoding('utf8').on('data', (text: string) => (told = (told + text).slice(-4_000)))
  const url = await new Promise<string>((resolve, reject) => {
    const limit = setTimeout(() => {
      for (const { pid } of treeOf(top.pid ?? 0)) process.kill(pid, 'SIGKILL')
      reject(new Error(`not ready in ${START_MS} ms: ${told}`))
    }, START_MS)
    top.on('error', reject)
    top.on('exit', (code, signal) =>
      reject(new Error(`ended with ${code ?? signal} before it was ready: ${told}`)),
    )
    createInterface({ input: top.stdout }).on('line', (line) => {
      const event = parseJson(line)
      if (stringAt(event, 'event') !== 'ready') return
      clearTimeout(limit)
      resolve(stringAt(event, 'url') ?? '')
    })
  })
  try {
    await working(url, mark)
  } catch (error) {
    for (const { pid } of treeOf(top.pid ?? 0)) process.kill(pid, 'SIGKILL')
    throw error
  }
  return new Running({ top, url, mark, tree: treeOf(top.pid ?? 0) })
}

/** Its own child ignores TERM, as careless functions do. */
const HANDLER = `
import { spawn } from 'node:child_process'
export const handler = async () => {
  spawn('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'])
  await new Promise((resolve) => setTimeout(resolve, 300_000))
}`

const SIGNED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=000000000000/20261125/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
}

async function working(url: string, mark: string): Promise<void> {
  const created = await fetch(`${url}/2015-03-31/functions`, {
    method: 'POST',
    headers: SIGNED,
    body: JSON.stringify({
      FunctionName: 'sleeper',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/sleeper',
      Timeout: 600,
      Environment: { Variables: { MARK: mark } },
      Code: {
        ZipFile: Buffer.from(zipOf([{ name: 'index.mjs', bytes: utf8(HANDLER) }])).toString('base64'),
      },
    }),
  })
  if (created.status !== 201) throw new Error(`CreateFunction: ${created.status} ${await created.text()}`)
  const until = performance.now() + START_MS
  for (;;) {
    const answer = await fetch(`${url}/2015-03-31/functions/sleeper`, { headers: SIGNED })
    if ((await answer.text()).includes('"State":"Active"')) break
    if (performance.now() > until) throw new Error('the function did not become active')
    await delay(20)
  }
  // Never answered: the platform ends first.
  void fetch(`${url}/2015-03-31/functions/sleeper/invocations`, {
    method: 'POST',
    headers: SIGNED,
    body: '{}',
  }).catch(() => undefined)
  while (marked(mark).length < 2) {
    if (performance.now() > until) throw new Error('the function did not start')
    await delay(20)
  }
}
