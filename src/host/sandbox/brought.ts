/**
 * What AWS's runtimes bring beside the interpreter: the AWS SDK for JavaScript v3 and boto3. Fetched once into the cache
 * at the first function whose code mentions them; a failure is told with its remedy and does not stop the function.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mount } from '#host/sandbox/confinement.ts'
import type { Python } from '#host/sandbox/pythons.ts'
import { RUNTIMES_FOLDER } from '#host/sandbox/runtime-plan.ts'
import { BinaryProblem, filledOnce, npm } from '../../../bin/node-binaries.mjs'

export interface Brought {
  readonly mounts: readonly Mount[]
  /** Why it is not there, and what to do; shown in the function's log. */
  readonly problem: string | undefined
}

export interface BroughtOptions {
  readonly cacheFolder: string
  progress(line: string): void
}

/** The boto3 that stands in for the runtimes' own; AWS's differs by region and week. */
const BOTO3 = 'boto3>=1.34,<2'
const NONE: Brought = { mounts: [], problem: undefined }

/** Fetches for one cache folder; the same fetch is shared by all who wait for it. */
export class BroughtByRuntimes {
  #options: BroughtOptions
  #fetches = new Map<string, Promise<Brought>>()

  constructor(options: BroughtOptions) {
    this.#options = options
  }

  awsSdk(): Promise<Brought> {
    return this.#once('aws-sdk', () => this.#fetchAwsSdk())
  }

  boto(python: Python): Promise<Brought> {
    if (python.botoFolder !== undefined) return Promise.resolve(botoAt(python.botoFolder))
    return this.#once(`boto3-3.${python.minor}`, () => this.#fetchBoto(python))
  }

  /** One try is shared; a failed one is tried again by the next environment. */
  async #once(name: string, fetch: () => Promise<Brought>): Promise<Brought> {
    const known = this.#fetches.get(name)
    if (known !== undefined) return known
    const running = fetch()
    this.#fetches.set(name, running)
    const brought = await running
    if (brought.problem !== undefined) this.#fetches.delete(name)
    return brought
  }

  async #fetchAwsSdk(): Promise<Brought> {
    const sdk = join(RUNTIMES_FOLDER, 'node', 'sdk')
    const pins = createHash('sha256')
      .update(readFileSync(join(sdk, 'lock.json')))
      .digest('hex')
      .slice(0, 16)
    const folder = join(this.#options.cacheFolder, 'aws-sdk', pins)
    return this.#fetch('the AWS SDK for JavaScript', folder, async (stage) => {
      copyFileSync(join(sdk, 'manifest.json'), join(stage, 'package.json'))
      copyFileSync(join(sdk, 'lock.json'), join(stage, 'package-lock.json'))
      const flags = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel', 'error']
      await npm(['ci', ...flags], stage, 'the AWS SDK for JavaScript')
    }).then((problem) =>
      problem === undefined
        ? { mounts: [{ from: join(folder, 'node_modules'), to: '/var/runtime/node_modules' }], problem }
        : { mounts: [], problem },
    )
  }

  async #fetchBoto(python: Python): Promise<Brought> {
    const folder = join(this.#options.cacheFolder, 'boto3', `3.${python.minor}`)
    const problem = await this.#fetch(`boto3 for Python 3.${python.minor}`, folder, async (stage) => {
      await pip(python, ['install', '--quiet', '--disable-pip-version-check', '--target', stage, BOTO3])
    })
    return problem === undefined ? botoAt(folder) : { mounts: [], problem }
  }

  /** The problem in words, or undefined when it is in its folder. */
  async #fetch(
    what: string,
    folder: string,
    fill: (stage: string) => Promise<void>,
  ): Promise<string | undefined> {
    if (existsSync(folder)) return undefined
    try {
      await filledOnce(
        folder,
        (line) => this.#options.progress(line),
        async (stage) => {
          this.#options.progress(`fetching ${what}, which AWS's runtime brings (once)`)
          await fill(stage)
          this.#options.progress(`${what} is ready`)
        },
      )
      return undefined
    } catch (error) {
      if (!(error instanceof BinaryProblem)) throw error
      return `${what} is not available: ${error.message} (${error.remedy})`
    }
  }
}

/** Inside, boto3 lies where no package of the user is hidden by it. */
const botoAt = (folder: string): Brought => ({ ...NONE, mounts: [{ from: folder, to: '/var/runtime/boto' }] })

function pip(python: Python, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(python.path, ['-m', 'pip', ...args], { timeout: 300_000 }, (error, stdout, stderr) => {
      if (error === null) resolve()
      else {
        const reason = `${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n')
        reject(
          new BinaryProblem(
            `pip could not install boto3: ${reason}`,
            `check the network, or run \`${python.path} -m pip install boto3\` yourself`,
          ),
        )
      }
    })
  })
}
