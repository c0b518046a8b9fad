/** The Ruby interpreters of this machine: on the PATH, in /usr/bin, and those that rbenv, asdf, mise and ruby-install installed. */
import { execFile } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseJson, stringAt } from '#base/json.ts'

export interface Ruby {
  readonly path: string
  /** Of 3.x. */
  readonly minor: number
  /** Such as `3.3.5`. */
  readonly version: string
  /** The folder that has its library, to be shown inside a sandbox. */
  readonly prefix: string
}

const QUESTION =
  'require "json"; puts JSON.generate(version: RUBY_VERSION, prefix: RbConfig::CONFIG["prefix"])'

const searched = { once: undefined as Promise<readonly Ruby[]> | undefined }

/** All of version 3, oldest first, one of each minor version. Searched once for each process. */
export function findRubies(): Promise<readonly Ruby[]> {
  return (searched.once ??= search())
}

async function search(): Promise<readonly Ruby[]> {
  const paths = new Set<string>()
  for (const folder of folders()) {
    const real = resolved(join(folder, 'ruby'))
    if (real !== undefined && !real.includes('/shims/')) paths.add(real)
  }
  const best = new Map<number, Ruby>()
  for (const ruby of await Promise.all([...paths].map(ask))) {
    const known = ruby === undefined ? undefined : best.get(ruby.minor)
    if (ruby !== undefined && (known === undefined || isNewer(ruby, known))) best.set(ruby.minor, ruby)
  }
  return [...best.values()].toSorted((a, b) => a.minor - b.minor)
}

/** That minor version, else the next newer one, else the newest older one. */
export function rubyFor(found: readonly Ruby[], minor: number): Ruby | undefined {
  return found.find((ruby) => ruby.minor >= minor) ?? found.at(-1)
}

function folders(): readonly string[] {
  const home = homedir()
  const managed = [
    join(home, '.rbenv/versions'),
    join(home, '.rubies'),
    join(home, '.asdf/installs/ruby'),
    join(home, '.local/share/mise/installs/ruby'),
    '/opt/rubies',
  ].flatMap((folder) => namesIn(folder).map((name) => join(folder, name, 'bin')))
  const onPath = (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'))
  return [...onPath, '/usr/bin', '/usr/local/bin', ...managed].filter((folder) => !folder.includes('/shims'))
}

const isNewer = (one: Ruby, other: Ruby): boolean =>
  one.version.localeCompare(other.version, 'en', { numeric: true }) > 0

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // few machines have all of them
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined // not there, or a dangling link
  }
}

/** What an interpreter says of itself; undefined when it does not run, or is not of version 3. */
function ask(path: string): Promise<Ruby | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['-e', QUESTION], { timeout: 10_000 }, (error, stdout) => {
      const answer = error === null ? parseJson(stdout) : undefined
      const version = stringAt(answer, 'version')
      const prefix = stringAt(answer, 'prefix')
      const minor = /^3\.(\d+)\./.exec(version ?? '')?.[1]
      if (version === undefined || prefix === undefined || minor === undefined) resolve(undefined)
      else resolve({ path, minor: Number(minor), version, prefix })
    })
  })
}
