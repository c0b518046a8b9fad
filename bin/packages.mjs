/**
 * The packages of a clone: `npm ci` when `node_modules` was not made from this lock file. One install at a time,
 * however many starts ask; a killed one is done again. Plain JavaScript for Node 20. Not here: Node binaries
 * (`node-binaries.mjs`). Install scripts never run.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fail, say, told } from './status.mjs'

/** A left-over npm is waited for this long; its end is not ours to bring about. */
const LEFT_OVER_MS = 120_000

/** Two tries and no long pauses: without a network the answer comes in two seconds instead of seventy. */
const NPM_CI = [
  'ci',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
]

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** Makes `node_modules` what the lock file says; returns at once when it is. Ends the process when npm fails. */
export async function installPackages({ root, cacheFolder }) {
  const lock = sha256(readFileSync(join(root, 'package-lock.json')))
  const stamp = join(root, 'node_modules', '.windtunnel-stamp')
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
  if (isInstalled()) return
  const { filledOnce } = await import('./node-binaries.mjs')
  // npm empties node_modules, so who is at it is written down outside: a turn is a folder of the cache that is filled
  // under its lock and removed again.
  const turn = join(cacheFolder, 'installs', sha256(realpathSync(root)).slice(0, 16))
  while (!isInstalled()) {
    await filledOnce(turn, say, async () => {
      await leftOver(`${turn}.npm`)
      if (isInstalled()) return
      const begun = Date.now()
      await install(root, `${turn}.npm`)
      mkdirSync(dirname(stamp), { recursive: true })
      writeFileSync(stamp, lock)
      say(`installed packages in ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    }).catch((error) => (error instanceof Stopped ? process.exit(error.code) : fail(troubleOf(error, turn))))
    rmSync(turn, { recursive: true, force: true })
  }
}

function troubleOf(error, turn) {
  return error instanceof InstallTrouble
    ? error.trouble
    : {
        what: `The packages cannot be installed: ${error.message}`,
        thing: turn,
        next: 'Make the cache folder writable, or name another one in WINDTUNNEL_CACHE.',
      }
}

class InstallTrouble extends Error {
  constructor(trouble) {
    super(trouble.what)
    this.trouble = trouble
  }
}

/** A signal came: what is locked is unlocked on the way out. */
class Stopped extends Error {
  constructor(signal) {
    super(signal)
    this.code = 128 + constants.signals[signal]
  }
}

/** An npm whose starter was killed still writes to node_modules. */
async function leftOver(note) {
  const pid = existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0
  const isThere = () => pid > 0 && isNpm(pid)
  const until = Date.now() + LEFT_OVER_MS
  await told(
    () => `waiting for npm, process ${pid}, which an earlier start left behind`,
    async () => {
      while (isThere() && Date.now() < until) await delay(100)
    },
  )
}

/** Process numbers come round again, so where the system tells, the name counts too. */
function isNpm(pid) {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('npm')
  } catch {
    return process.platform !== 'linux'
  }
}

async function install(root, note) {
  const wanted = wantedPackages(root)
  const arrived = () => wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length
  say(`installing ${wanted.length} packages (npm ci), once`)
  const { code, signal, out } = await told(
    () => `installing packages  ${arrived()} of ${wanted.length}`,
    () => npmCi(root, note),
  )
  if (signal !== null) throw new Stopped(signal)
  if (code === 0) return
  throw new InstallTrouble({
    what: `npm could not install the packages: ${reasonOf(out)}`,
    thing: join(root, 'package-lock.json'),
    next: 'Check the network and the registry setting of npm (npm ping), then run the same command again.',
  })
}

async function npmCi(root, note) {
  const { npmEnvironment } = await import('./node-binaries.mjs')
  const script = process.env.npm_execpath ?? ''
  const isScript = /npm-cli\.[cm]?js$/.test(script) && existsSync(script)
  const [program, ...first] = isScript ? [process.execPath, script] : ['npm']
  const child = spawn(program, [...first, ...NPM_CI], {
    cwd: root,
    env: npmEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) writeFileSync(note, String(child.pid))
  let ended = null
  const end = (signal) => {
    ended = signal
    child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, end)
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (out = (out + text).slice(-65_536)))
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      out += `npm cannot be started (${error.message}); install npm, or put it on PATH`
      resolve(-1)
    })
    child.on('close', resolve)
  })
  for (const signal of signals) process.off(signal, end)
  rmSync(note, { force: true })
  return { code, signal: ended, out }
}

/** The one line of npm's words that says why. */
function reasonOf(out) {
  const lines = out
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter((line) => line !== '')
  const telling = lines.find((line) => /failed, reason:|cannot be started|E[A-Z]{4,}:/.test(line))
  return (telling ?? lines.find((line) => !/^(code|syscall|errno) /.test(line)) ?? 'it said nothing').slice(
    0,
    300,
  )
}

/** Folders that npm fills here: those of the lock file that fit this system. */
function wantedPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const fits = (list, mine) => list === undefined || list.includes(mine)
  return Object.entries(packages)
    .filter(
      ([path, { os, cpu, libc, link, optional }]) =>
        path.startsWith('node_modules/') &&
        link !== true &&
        !(optional === true && cpu === undefined) && // what a package for another system needs
        fits(os, process.platform) &&
        fits(cpu, process.arch) &&
        fits(libc, 'glibc'),
    )
    .map(([path]) => path)
}
