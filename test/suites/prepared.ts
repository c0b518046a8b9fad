/**
 * The suites of others, ready to run: `WINDTUNNEL_TEST_SUITES` names the folder that holds them packed, with their
 * `prepare` and `run`. They are unpacked once into the cache folder, beside a Python that has what they import. Nothing
 * of theirs is in this repository. What cannot be had is a reason to skip.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '#cli/cache-folder.ts'
import { type Ran, run } from '../support/command.ts'

export type Prepared =
  | { readonly kind: 'ready'; readonly packed: string; readonly unpacked: string }
  | { readonly kind: 'missing'; readonly reason: string }

const INSTALL_MS = 150_000

/** Unpacks the suites and makes their Python. */
export async function prepared(): Promise<Prepared> {
  const packed = process.env['WINDTUNNEL_TEST_SUITES']
  if (packed === undefined) return missing('WINDTUNNEL_TEST_SUITES does not name the folder of the suites')
  if (!existsSync(join(packed, 'run'))) return missing(`${packed} holds no run`)
  const unpacked = join(cacheFolder(), `suites-${digest(packed)}`)
  mkdirSync(unpacked, { recursive: true })
  const lacking = await python(packed, unpacked)
  if (lacking !== undefined) return missing(lacking)
  const done = await prepare(packed, unpacked)
  return done.code === 0 ? { kind: 'ready', packed, unpacked } : missing(`prepare: ${lastWords(done)}`)
}

/** The same, with the packages that the suites of the SDK for JavaScript import. */
export async function preparedForNode(suites: Prepared): Promise<Prepared> {
  if (suites.kind === 'missing') return suites
  const done = await prepare(suites.packed, suites.unpacked, 'node')
  return done.code === 0 ? suites : missing(`its packages cannot be installed here: ${lastWords(done)}`)
}

function missing(reason: string): Prepared {
  return { kind: 'missing', reason }
}

/** Other suites are unpacked into another folder. */
function digest(packed: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(packed).sort()) {
    const { size, isFile } = ((stat) => ({ size: stat.size, isFile: stat.isFile() }))(
      statSync(join(packed, name)),
    )
    if (isFile) hash.update(`${name} ${size}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}

/** A program that starts the environment's Python: through a link, Python would not find its packages. */
async function python(packed: string, unpacked: string): Promise<string | undefined> {
  const program = join(unpacked, 'python')
  if (existsSync(program)) return undefined
  const folder = join(unpacked, 'venv')
  const packages = readFileSync(join(packed, 'requirements.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('moto')) // by far the largest, and only its own suite needs it
  const steps: readonly (readonly string[])[] = [
    ['python3', '-m', 'venv', '--clear', folder],
    [join(folder, 'bin', 'pip'), '-q', 'install', '--disable-pip-version-check', ...packages],
  ]
  for (const [name = '', ...words] of steps) {
    const done = await run(name, words, { limitMs: INSTALL_MS })
    if (done.code === 0) continue
    rmSync(folder, { recursive: true, force: true })
    return `their Python cannot be made here: ${lastWords(done)}`
  }
  writeFileSync(program, `#!/bin/sh\nexec '${folder}/bin/python' "$@"\n`, { mode: 0o755 })
  return undefined
}

async function prepare(packed: string, unpacked: string, ...words: readonly string[]): Promise<Ran> {
  return await run(join(packed, 'prepare'), words, { env: { SUITES: unpacked }, limitMs: INSTALL_MS })
}

function lastWords({ code, out, err }: Ran): string {
  const words = `${out}${err}`.trim().split('\n').at(-1) ?? ''
  return words === '' ? `it ended with code ${code}` : words.slice(0, 200)
}
