/** The nodejs runtimes: binaries from npm's platform packages, fetched once, with our own runtime client. */
import { dirname, join } from 'node:path'
import {
  MIB,
  OUR_RELEASE,
  type PlannedRuntime,
  type RuntimeOptions,
  type RuntimePlan,
  RUNTIMES_FOLDER,
} from '#host/sandbox/runtime-plan.ts'
import { BinaryProblem, nodeBinary, pinnedVersion } from '../../../bin/node-binaries.mjs'

const SHARED_BYTES = 34 * MIB
const LINES = [20, 22, 24]

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planNode(
  identifier: string,
  major: number,
  options: RuntimeOptions,
): Promise<PlannedRuntime> {
  if (!LINES.includes(major) || pinnedVersion(major) === undefined) {
    return {
      kind: 'missing',
      reason: `Node.js ${major} is not available on ${process.platform}-${process.arch}`,
      remedy: `use one of ${LINES.map((line) => `nodejs${line}.x`).join(', ')}`,
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
const CLIENT_FILES = [
  'index.cjs',
  'answers.cjs',
  'connection.cjs',
  'console.cjs',
  'errors.cjs',
  'imports.cjs',
  'load.cjs',
  'streaming.cjs',
]

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
    command: ({ memoryMb }) => [
      '/var/lang/bin/node',
      '--max-http-header-size=81920',
      `--max-semi-space-size=${Math.max(1, Math.floor((memoryMb * 5) / 100))}`,
      `--max-old-space-size=${Math.max(64, Math.floor((memoryMb * 90) / 100))}`,
      ...(major < 24 ? OLD_NODE_FLAGS : []),
      '/var/runtime/index.cjs',
    ],
    environment: {},
    api: 'unix',
    sharedBytes: SHARED_BYTES,
    python: undefined,
    interpreter: join(folder, 'bin', 'node'),
  }
}
