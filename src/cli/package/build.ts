/**
 * What must happen before a folder can be packaged: a Makefile's target (`Metadata: BuildMethod: makefile`), or
 * declared dependencies that are not installed beside the code. The user's folder is never written to.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'
import type { Artifact } from '#cli/package/artifacts.ts'
import { dictAt, textAt } from '#engines/templates/value.ts'

export interface BuildPlace {
  /** Folder for built code, outside the user's tree. */
  readonly cacheFolder: string
  step(line: string): void
}

const MINUTES_MAX = 10

/** The folder to package: the user's own, or one that was built from it. */
export function built(artifact: Artifact, folder: string, place: BuildPlace): string {
  if (!artifact.zipped || !existsSync(folder)) return folder
  const method = textAt(dictAt(artifact.resource, 'Metadata'), 'BuildMethod')
  if (method === 'makefile') return viaMake(artifact, folder, place)
  const manifest = join(folder, 'package.json')
  if (existsSync(manifest) && needsNpm(folder, manifest)) return viaNpm(artifact, folder, place)
  const requirements = join(folder, 'requirements.txt')
  if (existsSync(requirements) && needsPip(folder, requirements)) return viaPip(artifact, folder, place)
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

/** Built folders are found again by what they were built from. */
function builtFolder(
  artifact: Artifact,
  folder: string,
  place: BuildPlace,
  make: (to: string) => void,
): string {
  const hash = createHash('sha256').update(artifact.logicalId)
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
  make(staging)
  renameSync(staging, to)
  return to
}

function readIfFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}

function viaMake(artifact: Artifact, folder: string, place: BuildPlace): string {
  const target = `build-${artifact.logicalId}`
  return builtFolder(artifact, folder, place, (to) => {
    place.step(`building ${artifact.logicalId} with make ${target}`)
    const run = spawnSync('make', [target, `ARTIFACTS_DIR=${to}`], {
      cwd: folder,
      encoding: 'utf8',
      timeout: MINUTES_MAX * 60_000,
    })
    check(
      run,
      `make ${target}`,
      folder,
      'Install make and the compiler it calls, or build the package yourself.',
    )
  })
}

function viaNpm(artifact: Artifact, folder: string, place: BuildPlace): string {
  return builtFolder(artifact, folder, place, (to) => {
    place.step(`installing the packages of ${artifact.logicalId} with npm`)
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
    const run = spawnSync('npm', args, { cwd: to, encoding: 'utf8', env, timeout: MINUTES_MAX * 60_000 })
    check(run, 'npm install', folder, 'Install them yourself in that folder, or deploy with --no-build.')
  })
}

function viaPip(artifact: Artifact, folder: string, place: BuildPlace): string {
  return builtFolder(artifact, folder, place, (to) => {
    place.step(`installing the requirements of ${artifact.logicalId} with pip`)
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
    const run = spawnSync('python3', args, { cwd: to, encoding: 'utf8', timeout: MINUTES_MAX * 60_000 })
    check(run, 'pip install', folder, 'Install them yourself in that folder, or deploy with --no-build.')
  })
}

function check(run: SpawnSyncReturns<string>, what: string, folder: string, remedy: string): void {
  if (run.status === 0) return
  const why = run.error?.message ?? run.stderr.trim().split('\n').at(-1) ?? `exit code ${run.status}`
  throw new Trouble(`${what} failed: ${why}`, folder, remedy)
}
