/**
 * What this machine can do for functions, in sentences with remedies: for `windtunnel doctor`. It opens sandboxes over a
 * folder of its own and asks them; nothing is fetched.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#ports/clock.ts'
import type { SandboxModes } from '#ports/sandboxes.ts'
import { findJavas } from '#host/sandbox/javas.ts'
import { bestOfEach, findPythons, versionText } from '#host/sandbox/pythons.ts'
import { findRubies } from '#host/sandbox/rubies.ts'
import { openSandboxes } from '#host/sandbox/sandboxes.ts'
import { pinnedVersion } from '../../../bin/node-binaries.mjs'

export interface MachineFact {
  /** Such as `isolation` or `python`. */
  readonly name: string
  /** `full`: as on AWS; `reduced`: works, approximated; `missing`: does not work. */
  readonly level: 'full' | 'reduced' | 'missing'
  readonly found: string
  /** What the user can do; undefined where nothing is to be done. */
  readonly remedy: string | undefined
}

export interface Machine {
  readonly modes: SandboxModes
  readonly facts: readonly MachineFact[]
}

export interface ProbeOptions {
  readonly cacheFolder: string
  readonly clock: Clock
}

/** Faults: Trouble when no process can be started at all. */
export async function probeMachine(options: ProbeOptions): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'wt-probe-'))
  const quiet = (): void => {}
  const sandboxes = await openSandboxes({
    folder,
    cacheFolder: options.cacheFolder,
    clock: options.clock,
    log: { error: quiet, warn: quiet, info: quiet, debug: quiet },
    endpoint: () => '',
    progress: quiet,
    strictRuntimes: false,
  })
  try {
    const modes = sandboxes.modes()
    return {
      modes,
      facts: [
        ...modeFacts(modes),
        ...nodeFacts(options.cacheFolder),
        await pythonFact(),
        javaFact(),
        await rubyFact(),
        await compilerFact(),
      ],
    }
  } finally {
    await sandboxes.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const isRoot = (): boolean => process.getuid?.() === 0
const GROUPS_REMEDY =
  'run as root, or hand control groups down: `systemd-run --user --scope -p Delegate=yes windtunnel up`'

function modeFacts(modes: SandboxModes): MachineFact[] {
  const grouped = (name: string, mode: string, fallback: string): MachineFact => {
    const isFull = mode.startsWith('cgroup')
    return {
      name,
      level: isFull ? 'full' : 'reduced',
      found: isFull ? mode : `${mode}: ${fallback}`,
      remedy: isFull ? undefined : GROUPS_REMEDY,
    }
  }
  return [
    {
      name: 'isolation',
      level: modes.isolation === 'namespaces' ? 'full' : 'reduced',
      found: modes.isolation,
      remedy:
        modes.isolation === 'namespaces'
          ? undefined
          : 'install bubblewrap (such as `apt-get install bubblewrap`), and allow user namespaces where it still fails',
    },
    grouped('cpu', modes.cpu, 'shares are kept by stopping processes, up to 20 % off'),
    grouped('memory', modes.memory, 'limits are noticed up to 25 ms late'),
    grouped('freeze', modes.freeze, 'idle functions are stopped by SIGSTOP'),
    {
      name: 'tmp',
      level: modes.tmp === 'image' ? 'full' : 'reduced',
      found: modes.tmp === 'image' ? 'file systems of their own' : 'plain folders, measured only',
      remedy: modes.tmp === 'image' ? undefined : tmpRemedy(),
    },
  ]
}

const tmpRemedy = (): string =>
  isRoot()
    ? 'install e2fsprogs and allow loop devices (/dev/loop-control)'
    : 'run as root with loop devices allowed'

function nodeFacts(cacheFolder: string): MachineFact[] {
  return [20, 22, 24].map((major) => {
    const version = pinnedVersion(major)
    const isCached =
      version !== undefined &&
      existsSync(join(cacheFolder, 'node', `${version}-${process.platform}-${process.arch}`))
    return {
      name: `nodejs${major}.x`,
      level: version === undefined ? 'missing' : 'full',
      found:
        version === undefined
          ? 'no pinned binary for this platform'
          : isCached
            ? version
            : `${version}, fetched at first use`,
      remedy: version === undefined ? 'use another Node.js runtime, or a Linux machine' : undefined,
    }
  })
}

async function pythonFact(): Promise<MachineFact> {
  const found = bestOfEach(await findPythons())
  return {
    name: 'python',
    level: found.length === 0 ? 'missing' : 'full',
    found: found.length === 0 ? 'none' : found.map(versionText).join(', '),
    remedy: found.length === 0 ? 'install Python 3, such as `apt-get install python3`' : undefined,
  }
}

function javaFact(): MachineFact {
  const found = findJavas()
  return {
    name: 'java',
    level: found.length === 0 ? 'missing' : 'full',
    found: found.length === 0 ? 'none' : found.map(({ version }) => version).join(', '),
    remedy:
      found.length === 0
        ? 'only Java functions need one: such as `apt-get install openjdk-17-jre-headless`'
        : undefined,
  }
}

async function rubyFact(): Promise<MachineFact> {
  const found = await findRubies()
  return {
    name: 'ruby',
    level: found.length === 0 ? 'missing' : 'full',
    found: found.length === 0 ? 'none' : found.map(({ version }) => version).join(', '),
    remedy: found.length === 0 ? 'only Ruby functions need one: such as `apt-get install ruby`' : undefined,
  }
}

function compilerFact(): Promise<MachineFact> {
  return new Promise((resolve) => {
    execFile('cc', ['--version'], { timeout: 5_000 }, (error, stdout) => {
      resolve({
        name: 'compiler',
        level: error === null ? 'full' : 'missing',
        found: error === null ? (stdout.split('\n')[0] ?? '') : 'none',
        remedy: error === null ? undefined : 'only compiled examples need one: such as `apt-get install gcc`',
      })
    })
  })
}
