#!/usr/bin/env node
/**
 * The bootstrap: plain JavaScript for Node 20 and newer. It installs what a fresh clone is missing, brings Node 24 when
 * this one is older, and becomes (or starts) the real entry. Nothing here knows a command. Beside it: `packages.mjs`
 * (npm ci), `node-binaries.mjs` (pinned Nodes), `status.mjs` (words on stderr).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, say, told } from './status.mjs'

const NODE_MAJOR = 24
const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Outside any clone, shared by all platforms of this user. `src/cli/cache-folder.ts` says the same. */
const { WINDTUNNEL_CACHE = '', XDG_CACHE_HOME = '' } = process.env
const cacheFolder =
  WINDTUNNEL_CACHE === ''
    ? join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'windtunnel')
    : WINDTUNNEL_CACHE

/** A clone has sources and a lock file; a package that npm installed has `dist` alone, and its packages beside it. */
const isClone =
  existsSync(join(root, 'src', 'cli', 'entry.ts')) && existsSync(join(root, 'package-lock.json'))

/** The packages of a clone, installed when they are not. */
export async function packages() {
  if (!isClone) return
  const { installPackages } = await import('./packages.mjs')
  await installPackages({ root, cacheFolder })
}

/** A Node that runs TypeScript: this one, or the pinned one from the cache, fetched on first need. */
export async function node24() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  const { nodeBinary } = await import('./node-binaries.mjs')
  try {
    const binary = nodeBinary(NODE_MAJOR, { cacheFolder, progress: say })
    return (
      await told(
        () => `getting Node.js ${NODE_MAJOR}`,
        () => binary,
      )
    ).path
  } catch (error) {
    const [first = '', ...rest] = String(error.message).split('\n')
    const reason = rest.find((line) => /reason:|code E/.test(line)) ?? rest[0] ?? ''
    return fail({
      what: `${first} ${reason.replace(/^npm (error|ERR!) ?/, '')}`.trim(),
      thing: `Node.js ${process.versions.node} is older than ${NODE_MAJOR}, and ${cacheFolder} has no newer one`,
      next: error.remedy ?? `Install Node.js ${NODE_MAJOR} or newer, or run this once with a network.`,
    })
  }
}

/**
 * Who started this, as pairs `process:parent` that hold as long as the starters live. npx puts a shell between itself
 * and us that outlives it: then the shell's parent counts too. `src/host/parent.ts` watches the pairs.
 */
function starters() {
  const pairs = [`${process.pid}:${process.ppid}`]
  if (process.env.npm_lifecycle_event === undefined) return pairs
  const { command, parent } = processOf(process.ppid)
  const [shell = '', flag] = command
  if (/^(ba|da|a|z|k)?sh$|^busybox$/.test(basename(shell)) && command.includes('-c') && flag !== undefined)
    pairs.push(`${process.ppid}:${parent}`)
  return pairs
}

function processOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return {
      command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0'),
      parent: Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]),
    }
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' })
    const [parent, ...command] = (stdout ?? '').trim().split(/\s+/)
    return { command, parent: Number(parent) }
  }
}

/** Runs a program of ours with Node 24: in this process' place where Node can do that, else as its child. */
export async function run(program, args) {
  const parent = process.ppid
  const env = { ...process.env, WINDTUNNEL_STARTED_BY: starters().join(',') }
  delete env.WINDTUNNEL_PARENT_PIPE // of an outer platform; descriptor 3 is not ours
  await packages()
  const node = await node24()
  if (process.ppid !== parent && env.WINDTUNNEL_OUTLIVE_PARENT === undefined) process.exit(129)
  const argv = ['--disable-warning=ExperimentalWarning', program, ...args]
  if (typeof process.execve === 'function') process.execve(node, [node, ...argv], env)
  startChild(node, argv, env)
}

/** Signals go to the child, and its end is ours. The pipe on descriptor 3 closes with us, however we end. */
function startChild(node, argv, env) {
  const child = spawn(node, argv, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...env, WINDTUNNEL_PARENT_PIPE: '3' },
  })
  child.stdio[3]?.on('error', () => undefined) // the child's end closes first
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) =>
    fail({
      what: `Node.js cannot be started: ${error.message}`,
      thing: node,
      next: `Remove ${join(cacheFolder, 'node')} and run the same command again.`,
    }),
  )
  child.on('exit', (code, signal) =>
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 1)),
  )
}

function entry() {
  return isClone ? join(root, 'src', 'cli', 'entry.ts') : join(root, 'dist', 'cli', 'entry.js')
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1]))
  await run(entry(), process.argv.slice(2))
