/**
 * Which runtimes this machine can run and what boots inside for each: Node.js from npm's platform packages, Python from the
 * interpreters found, any `bootstrap` of a package. What a runtime needs beyond its interpreter (the AWS SDK, boto3) is
 * `brought.ts`; how it is shut in is `confinement.ts`.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FoundRuntime } from '#ports/sandboxes.ts'
import type { Mount } from '#host/sandbox/confinement.ts'
import { bestOfEach, findPythons, nearest, type Python, versionText } from '#host/sandbox/pythons.ts'
import { BinaryProblem, nodeBinary, pinnedVersion } from '../../../bin/node-binaries.mjs'

export type RuntimeKind = 'node' | 'python' | 'custom'

/** What starts inside the sandbox for one runtime. */
export interface RuntimePlan {
  readonly identifier: string
  readonly kind: RuntimeKind
  readonly version: string
  readonly notice: string | undefined
  readonly mounts: readonly Mount[]
  readonly links: readonly (readonly [target: string, at: string])[]
  command(memoryMb: number): readonly string[]
  /** Variables of the runtime client's own. */
  readonly environment: Readonly<Record<string, string>>
  /** Our own clients speak over a unix socket, everything else over TCP. */
  readonly api: 'unix' | 'tcp'
  /**
   * Memory of the runtime's program that is shared between environments, and so not in the group's count of one: added
   * to what is reported and taken from the limit. Resident less anonymous memory of an idle runtime, measured.
   */
  readonly sharedBytes: number
  readonly python: Python | undefined
  /** The interpreter's file, read once ahead so that the first environment is not charged for its pages. */
  readonly interpreter: string | undefined
}

export type PlannedRuntime = { readonly kind: 'planned'; readonly plan: RuntimePlan } | Missing
type Missing = Extract<FoundRuntime, { kind: 'missing' }>

/** The folder of the clients that boot inside. */
export const RUNTIMES_FOLDER = fileURLToPath(new URL('../../../runtimes', import.meta.url))
const MIB = 1_048_576
const NODE_SHARED_BYTES = 34 * MIB
const PYTHON_SHARED_BYTES = 7 * MIB
const CUSTOM_SHARED_BYTES = 1 * MIB
/** Our own numbering of runtime versions; AWS counts its releases there. Inferred. */
const OUR_RELEASE = 1
const NODE_LINES = [20, 22, 24]

export interface RuntimeOptions {
  readonly cacheFolder: string
  readonly strict: boolean
  progress(line: string): void
  /** Whether a function's own user can run that file. */
  canRun(path: string): Promise<boolean>
}

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planRuntime(identifier: string, options: RuntimeOptions): Promise<PlannedRuntime> {
  const node = /^nodejs(\d+)\.x$/.exec(identifier)?.[1]
  if (node !== undefined) return planNode(identifier, Number(node), options)
  const python = /^python3\.(\d+)$/.exec(identifier)?.[1]
  if (python !== undefined) return planPython(identifier, Number(python), options)
  if (identifier === 'provided.al2023' || identifier === 'provided.al2') return planCustom(identifier)
  return {
    kind: 'missing',
    reason: `the runtime ${identifier} is not supported on this platform yet`,
    remedy: 'use a Node.js, Python or provided.al2023 runtime, or a bootstrap of your own for this language',
  }
}

async function planNode(identifier: string, major: number, options: RuntimeOptions): Promise<PlannedRuntime> {
  if (!NODE_LINES.includes(major) || pinnedVersion(major) === undefined) {
    return {
      kind: 'missing',
      reason: `Node.js ${major} is not available on ${process.platform}-${process.arch}`,
      remedy: `use one of ${NODE_LINES.map((line) => `nodejs${line}.x`).join(', ')}`,
    }
  }
  try {
    const { path } = await nodeBinary(major, options)
    return { kind: 'planned', plan: nodePlan(identifier, major, dirname(dirname(path))) }
  } catch (error) {
    if (!(error instanceof BinaryProblem)) throw error
    return { kind: 'missing', reason: error.message, remedy: error.remedy }
  }
}

/** AWS switches these experimental features off in its Node.js 20 and 22 runtimes. Source: AWS Compute Blog on Node.js 22; for 20 inferred. */
const OLD_NODE_FLAGS = ['--no-experimental-require-module', '--no-experimental-detect-module']
const CLIENT_FILES = ['index.cjs', 'connection.cjs', 'console.cjs', 'errors.cjs', 'load.cjs']

function nodePlan(identifier: string, major: number, folder: string): RuntimePlan {
  return {
    identifier,
    kind: 'node',
    version: `nodejs:${major}.v${OUR_RELEASE}`,
    notice: undefined,
    mounts: [
      { from: folder, to: '/var/lang' },
      ...CLIENT_FILES.map((file) => ({
        from: join(RUNTIMES_FOLDER, 'node', file),
        to: `/var/runtime/${file}`,
      })),
    ],
    // so that ES modules find what a layer and the runtime bring, as AWS's Node.js does with NODE_PATH
    links: [
      ['/opt/nodejs/node_modules', '/var/node_modules'],
      ['/var/runtime/node_modules', '/node_modules'],
    ],
    // heap sizes as AWS's bootstrap sets them by memory size; its --expose-gc is made up for in index.cjs
    command: (memoryMb) => [
      '/var/lang/bin/node',
      '--max-http-header-size=81920',
      `--max-semi-space-size=${Math.max(1, Math.floor((memoryMb * 5) / 100))}`,
      `--max-old-space-size=${Math.max(64, Math.floor((memoryMb * 90) / 100))}`,
      ...(major < 24 ? OLD_NODE_FLAGS : []),
      '/var/runtime/index.cjs',
    ],
    environment: {},
    api: 'unix',
    sharedBytes: NODE_SHARED_BYTES,
    python: undefined,
    interpreter: join(folder, 'bin', 'node'),
  }
}

async function planPython(
  identifier: string,
  minor: number,
  options: RuntimeOptions,
): Promise<PlannedRuntime> {
  const runnable: Python[] = []
  for (const python of await findPythons()) if (await options.canRun(python.path)) runnable.push(python)
  const found = bestOfEach(runnable)
  const python = nearest(found, minor)
  if (python === undefined) {
    return {
      kind: 'missing',
      reason: 'no Python 3.9 or newer was found on the PATH, in /usr/bin, in pyenv or in uv',
      remedy: `install Python 3.${minor}, such as with \`uv python install 3.${minor}\` or \`pyenv install 3.${minor}\``,
    }
  }
  const isExact = python.minor === minor
  if (!isExact && options.strict) {
    return {
      kind: 'missing',
      reason: `Python 3.${minor} is not on this machine (found: ${found.map(versionText).join(', ')})`,
      remedy: `install Python 3.${minor}, or start without --strict-runtimes`,
    }
  }
  const prefixMounts = python.prefix === '/usr' ? [] : [{ from: python.prefix, to: python.prefix }]
  return {
    kind: 'planned',
    plan: {
      identifier,
      kind: 'python',
      version: `python:3.${python.minor}.v${OUR_RELEASE}`,
      notice: isExact
        ? undefined
        : `${identifier} runs on Python ${versionText(python)}, because Python 3.${minor} is not on this machine`,
      mounts: [
        ...prefixMounts,
        { from: join(RUNTIMES_FOLDER, 'python', 'bootstrap.py'), to: '/var/runtime/bootstrap.py' },
      ],
      links: [],
      command: () => [python.path, '-S', '-X', 'utf8', '/var/runtime/bootstrap.py'],
      environment: {
        _WINDTUNNEL_PYTHON_PATH: `/opt/python/lib/python3.${python.minor}/site-packages:/opt/python:/var/runtime/boto`,
      },
      api: 'unix',
      sharedBytes: PYTHON_SHARED_BYTES,
      python,
      interpreter: python.path,
    },
  }
}

function planCustom(identifier: string): PlannedRuntime {
  return {
    kind: 'planned',
    plan: {
      identifier,
      kind: 'custom',
      version: `${identifier.replace('.', ':')}.v${OUR_RELEASE}`,
      notice: undefined,
      mounts: [],
      links: [],
      command: () => [], // found in the package when it starts: see customCommand
      environment: {},
      api: 'tcp',
      sharedBytes: CUSTOM_SHARED_BYTES,
      python: undefined,
      interpreter: undefined,
    },
  }
}

/** `/var/task/bootstrap`, else `/opt/bootstrap`. Source: Lambda developer guide, custom runtimes. Undefined when there is none. */
export function customCommand(taskFolder: string, optFolder: string | undefined): string | undefined {
  if (existsSync(join(taskFolder, 'bootstrap'))) return '/var/task/bootstrap'
  if (optFolder !== undefined && existsSync(join(optFolder, 'bootstrap'))) return '/opt/bootstrap'
  return undefined
}
