/** The Python interpreters of this machine: on the PATH, in /usr/bin, and those that pyenv and uv installed. */
import { execFile } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isRecord, numberAt, parseJson, stringAt } from '#base/json.ts'

export interface Python {
  readonly path: string
  readonly minor: number
  readonly patch: number
  /** The folder that has its library, to be shown inside a sandbox. */
  readonly prefix: string
  /** Where its boto3 is, if it has one. */
  readonly botoFolder: string | undefined
}

const LEAST_MINOR = 9
const NAME = /^python3(\.\d+)?$/
const QUESTION = `
import importlib.util, json, os, sys
found = importlib.util.find_spec("boto3")
print(json.dumps({"minor": sys.version_info[1], "patch": sys.version_info[2], "prefix": sys.base_prefix,
  "boto": os.path.dirname(os.path.dirname(found.origin)) if found and found.origin else None}))
`

const searched = { once: undefined as Promise<readonly Python[]> | undefined }

/** Searched once for each process; all there are. */
export function findPythons(): Promise<readonly Python[]> {
  return (searched.once ??= search())
}

async function search(): Promise<readonly Python[]> {
  const paths = new Set<string>()
  for (const folder of foldersToSearch()) {
    for (const name of namesIn(folder)) {
      if (!NAME.test(name)) continue
      const real = resolved(join(folder, name))
      if (real !== undefined && !real.includes('/shims/')) paths.add(real)
    }
  }
  const answers = await Promise.all([...paths].map(ask))
  return answers.filter((python) => python !== undefined).filter((python) => python.minor >= LEAST_MINOR)
}

/** The best patch of each minor version, oldest first. */
export function bestOfEach(pythons: readonly Python[]): readonly Python[] {
  const best = new Map<number, Python>()
  for (const python of pythons) {
    const known = best.get(python.minor)
    if (known === undefined || known.patch < python.patch) best.set(python.minor, python)
  }
  return [...best.values()].toSorted((a, b) => a.minor - b.minor)
}

function foldersToSearch(): readonly string[] {
  const home = homedir()
  const managed = [join(home, '.pyenv/versions'), join(home, '.local/share/uv/python')].flatMap((folder) =>
    namesIn(folder).map((version) => join(folder, version, 'bin')),
  )
  return [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin', ...managed].filter(
    (folder) => folder.startsWith('/') && !folder.includes('/shims'),
  )
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // a PATH may name folders that are not there
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined // a dangling link
  }
}

/** What an interpreter says of itself; undefined when it does not run. */
function ask(path: string): Promise<Python | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['-I', '-c', QUESTION], { timeout: 10_000 }, (error, stdout) => {
      const answer = error === null ? parseJson(stdout) : undefined
      const prefix = stringAt(answer, 'prefix')
      if (!isRecord(answer) || prefix === undefined) {
        resolve(undefined)
        return
      }
      resolve({
        path,
        minor: numberAt(answer, 'minor') ?? 0,
        patch: numberAt(answer, 'patch') ?? 0,
        prefix,
        botoFolder: stringAt(answer, 'boto'),
      })
    })
  })
}

/** The interpreter of that minor version, else the next newer one, else the newest older one. */
export function nearest(found: readonly Python[], minor: number): Python | undefined {
  return (
    found.find((python) => python.minor === minor) ??
    found.find((python) => python.minor > minor) ??
    found.toReversed().find((python) => python.minor < minor)
  )
}

export const versionText = (python: Python): string => `3.${python.minor}.${python.patch}`
