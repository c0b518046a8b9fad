/**
 * Machines to start from: clones of this work tree, caches with and without a Node in them, a PATH whose Node is old or
 * new. Everything lies in temporary folders that `using` removes.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pinnedVersion } from '../../bin/node-binaries.mjs'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface Folder extends Disposable {
  readonly path: string
}

/** A temporary folder that is removed at the end of its block. */
export function temporaryFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `windtunnel-test-${name}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}

const git = (args: readonly string[], cwd = ROOT): string => {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Why there can be no clone here, or false. */
export const noClone =
  spawnSync('git', ['rev-parse', '--show-toplevel'], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() === ROOT
    ? false
    : 'this is no git work tree'

/** `git clone` of this work tree, with what is not committed yet. */
export function freshClone(): Folder {
  const folder = temporaryFolder('clone')
  const path = join(folder.path, 'windtunnel')
  git(['clone', '--quiet', '--local', ROOT, path])
  for (const file of git(['ls-files', '-z', '--modified', '--others', '--exclude-standard']).split('\0')) {
    if (file === '') continue
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(path, file))
    else rmSync(join(path, file), { force: true })
  }
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

/** A clone whose packages are already there: links to those of this tree, and the stamp of its lock file. */
export function installedClone(): Folder {
  const clone = freshClone()
  const modules = join(clone.path, 'node_modules')
  mkdirSync(modules)
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  const lock = createHash('sha256')
    .update(readFileSync(join(clone.path, 'package-lock.json')))
    .digest('hex')
  writeFileSync(join(modules, '.windtunnel-stamp'), lock)
  return clone
}

/** A cache that holds the pinned Node 24 already: this one. */
export function filledCache(): Folder {
  const folder = temporaryFolder('cache')
  const binary = join(
    folder.path,
    'node',
    `${pinnedVersion(24) ?? ''}-${process.platform}-${process.arch}`,
    'bin',
    'node',
  )
  mkdirSync(dirname(binary), { recursive: true })
  try {
    linkSync(process.execPath, binary)
  } catch {
    copyFileSync(process.execPath, binary) // another file system
  }
  return folder
}

/** The folder of a Node older than 24 on PATH, or undefined. */
function oldNodeFolder(): string | undefined {
  return (process.env['PATH'] ?? '').split(delimiter).find((folder) => {
    if (statSync(join(folder, 'node'), { throwIfNoEntry: false })?.isFile() !== true) return false
    const { stdout } = spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' })
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1])
    return major >= 20 && major < 24
  })
}

export type HostNode = 'old' | 'new'
const links = temporaryFolder('bin')
symlinkSync(process.execPath, join(links.path, 'node'))
process.on('exit', () => links[Symbol.dispose]())
const nodeFolders: Readonly<Record<HostNode, string | undefined>> = { old: oldNodeFolder(), new: links.path }

/** Why a test with that Node is skipped, or false. */
export function noNode(host: HostNode): string | false {
  if (noClone !== false) return noClone
  if (spawnSync('npm', ['--version']).status !== 0) return 'there is no npm on PATH'
  return nodeFolders[host] === undefined ? 'no Node from 20 to 23 is on PATH' : false
}

/** A clean environment, as a user's shell has it: nothing of the npm or bootstrap that started this run. */
export function environment(
  host: HostNode,
  cache: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(npm_|WINDTUNNEL_|NODE_TEST|SLOW$)/.test(name),
  )
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])),
    PATH: `${nodeFolders[host] ?? ''}${delimiter}${process.env['PATH'] ?? ''}`,
    WINDTUNNEL_CACHE: cache,
    ...more,
  }
}

/** Why nothing can be fetched, or false: a run without a network is no failure of ours. */
export function noRegistry(): string | false {
  const { status } = spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], {
    timeout: 20_000,
  })
  return status === 0 ? false : 'the npm registry does not answer'
}
