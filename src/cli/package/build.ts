/**
 * What must happen before a folder can be packaged: a Makefile's target (`Metadata: BuildMethod: makefile`), or
 * declared dependencies that are not installed beside the code. The user's folder is never written to.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'
import type { Artifact } from '#cli/package/artifacts.ts'
import { runProgram } from '#cli/package/program.ts'
import { dictAt, textAt } from '#engines/templates/value.ts'

export interface BuildPlace {
  /** Folder for built code, outside the user's tree. */
  readonly cacheFolder: string
  step(line: string): void
}

const MINUTES_MAX = 10

/** The folder to package: the user's own, or one that was built from it. */
export async function built(artifact: Artifact, folder: string, place: BuildPlace): Promise<string> {
  if (!artifact.zipped || !existsSync(folder)) return folder
  const method = textAt(dictAt(artifact.resource, 'Metadata'), 'BuildMethod')
  if (method === 'makefile') return await viaMake(artifact, folder, place)
  const manifest = join(folder, 'package.json')
  if (existsSync(manifest) && needsNpm(folder, manifest)) return await viaNpm(artifact, folder, place)
  const requirements = join(folder, 'requirements.txt')
  if (existsSync(requirements) && needsPip(folder, requirements)) return await viaPip(artifact, folder, place)
  return folder
}

function needsNpm(folder: string, manifest: string): boolean {
  const dependencies = valueAt(parseJson(readFileSync(manifest, 'utf8')), 'dependencies')
  return (
    isRecord(dependencies) &&
    Object.keys(dependencies).length > 0 &&
    !existsSync(join(folder, 'node_modules'))
  )
}

function needsPip(folder: string, requirements: string): boolean {
  const named = readFileSync(requirements, 'utf8')
    .split('\n')
    .some((line) => /^[A-Za-z0-9]/.test(line.trim()))
  return named && !readdirSync(folder).some((name) => name.endsWith('.dist-info'))
}

interface Building {
  readonly artifact: Artifact
  readonly folder: string
  readonly place: BuildPlace
  readonly how: 'make' | 'npm' | 'pip'
}

/** Built folders are found again by what they were built from, and how. */
async function builtFolder(
  { artifact, folder, place, how }: Building,
  make: (to: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(`${how} ${artifact.logicalId}`)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    hash.update(name)
    const path = join(folder, name)
    if (!name.includes('node_modules')) hash.update(readIfFile(path))
  }
  const to = join(place.cacheFolder, 'built', hash.digest('hex').slice(0, 24))
  if (existsSync(to)) return to
  const staging = `${to}.${process.pid}`
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging, { recursive: true })
  try {
    await make(staging)
    // another deployment may have built the same meanwhile
    if (!existsSync(to)) renameSync(staging, to)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return to
}

function readIfFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}

async function viaMake(artifact: Artifact, folder: string, place: BuildPlace): Promise<string> {
  const target = `build-${artifact.logicalId}`
  return await builtFolder({ artifact, folder, place, how: 'make' }, async (to) => {
    const args = [target, `ARTIFACTS_DIR=${to}`]
    await runs(place, `building ${artifact.logicalId} with make ${target}`, {
      line: ['make', ...args],
      cwd: folder,
      what: `make ${target}`,
      folder,
      remedy: 'Install make and the compiler it calls, or build the package yourself.',
    })
  })
}

async function viaNpm(artifact: Artifact, folder: string, place: BuildPlace): Promise<string> {
  return await builtFolder({ artifact, folder, place, how: 'npm' }, async (to) => {
    cpSync(folder, to, { recursive: true })
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) =>
          !name.startsWith('npm_') || /^npm_config_(registry|cache|userconfig|.*proxy)$/i.test(name),
      ),
    )
    const args = [
      'install',
      '--omit=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--loglevel=error',
    ]
    await runs(place, `installing the packages of ${artifact.logicalId} with npm`, {
      line: ['npm', ...args],
      cwd: to,
      env,
      what: 'npm install',
      folder,
      remedy: 'Install them yourself in that folder, or deploy with --no-build.',
    })
  })
}

async function viaPip(artifact: Artifact, folder: string, place: BuildPlace): Promise<string> {
  return await builtFolder({ artifact, folder, place, how: 'pip' }, async (to) => {
    cpSync(folder, to, { recursive: true })
    const args = [
      '-m',
      'pip',
      'install',
      '-q',
      '--disable-pip-version-check',
      '-r',
      'requirements.txt',
      '--target',
      '.',
    ]
    await runs(place, `installing the requirements of ${artifact.logicalId} with pip`, {
      line: ['python3', ...args],
      cwd: to,
      what: 'pip install',
      folder,
      remedy: 'Install them yourself in that folder, or deploy with --no-build.',
    })
  })
}

interface BuildStep {
  readonly line: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly what: string
  /** The user's own. */
  readonly folder: string
  readonly remedy: string
}

/** Runs one program and says so, again and again while it takes long. */
async function runs(place: BuildPlace, said: string, step: BuildStep): Promise<void> {
  const [program = '', ...args] = step.line
  place.step(said)
  const why = await runProgram(program, args, {
    cwd: step.cwd,
    ...(step.env === undefined ? {} : { env: step.env }),
    limitMs: MINUTES_MAX * 60_000,
    waiting: (seconds) => place.step(`${said}, ${seconds} s`),
  })
  if (why !== undefined) throw new Trouble(`${step.what} failed: ${why}`, step.folder, step.remedy)
}
