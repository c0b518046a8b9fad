#!/usr/bin/env node
// The bootstrap: plain JavaScript for Node 20 and newer. It installs what a fresh clone is missing, brings Node 24
// when this one is older, and becomes (or starts) the real entry. Nothing here knows a command.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_MAJOR = 24
/** How often a started child looks whether the bootstrap's parent is still the one that started it. */
const PARENT_POLL_MS = 250

const say = (line) => process.stderr.write(`${line}\n`)

function fail(what, thing, next) {
  say(`error  ${what}`)
  say(`  in   ${thing}`)
  say(`  next ${next}`)
  process.exit(3)
}

function cacheFolder() {
  return (
    process.env.WINDTUNNEL_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'windtunnel')
  )
}

/** A clone has `src`; a package that npm installed has `dist` alone. */
const isClone = existsSync(join(root, 'src', 'cli', 'main.ts')) && existsSync(join(root, 'package-lock.json'))

/** `npm ci` when the lock file is not the one that node_modules was made from. */
export function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.windtunnel-stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  say('installing packages (npm ci), once')
  const started = Date.now()
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => keepForNpm(name)))
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
  })
  if (npm.error) fail(`npm cannot be started: ${npm.error.message}`, root, 'Install npm, or put it on PATH.')
  if (npm.status !== 0)
    fail(
      'npm ci failed; its own words are above.',
      root,
      'Without a network the packages cannot be fetched the first time.',
    )
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, lock)
  say(`installed packages in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

/** npm sets variables for the scripts it runs that confuse an npm inside; where to fetch from must stay. */
function keepForNpm(name) {
  return (
    !name.startsWith('npm_') ||
    /^npm_config_(registry|cache|userconfig|globalconfig|proxy|https_proxy|noproxy|cafile)$/i.test(name)
  )
}

export async function node24() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  const { nodeBinary } = await import('./node-binaries.mjs')
  try {
    return (await nodeBinary(NODE_MAJOR, { cacheFolder: cacheFolder(), progress: say })).path
  } catch (error) {
    return fail(
      error.message,
      `node ${process.versions.node}`,
      error.remedy ?? 'Install Node 24 or newer, or run this once with a network.',
    )
  }
}

function entry() {
  const source = join(root, 'src', 'cli', 'entry.ts')
  if (existsSync(source)) return source
  return join(root, 'dist', 'cli', 'entry.js')
}

/** Signals go to the child, and its end is ours. The pipe on fd 3 closes with us, however we end. */
function startChild(node, args) {
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, WINDTUNNEL_PARENT_PIPE: '3' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== parent && process.env.WINDTUNNEL_OUTLIVE_PARENT === undefined) child.kill('SIGTERM')
  }, PARENT_POLL_MS)
  child.on('error', (error) =>
    fail(`Node cannot be started: ${error.message}`, node, 'Remove the cache folder and try again.'),
  )
  child.on('exit', (code, signal) => {
    clearInterval(watch)
    process.exit(signal === null ? (code ?? 1) : 128 + ({ SIGINT: 2, SIGTERM: 15, SIGKILL: 9 }[signal] ?? 1))
  })
}

/** Runs a program of ours with Node 24: in this process' place where Node can do that, else as its child. */
export async function run(program, args) {
  if (isClone) installPackages()
  const node = await node24()
  const argv = ['--disable-warning=ExperimentalWarning', program, ...args]
  if (node === process.execPath && typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, ...argv], process.env)
  }
  startChild(node, argv)
}

if (
  process.argv[1] !== undefined &&
  fileURLToPath(import.meta.url) === (await import('node:fs')).realpathSync(process.argv[1])
) {
  await run(entry(), process.argv.slice(2))
}
