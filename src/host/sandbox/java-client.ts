/**
 * AWS's own runtime interface client for Java, with what it depends on: found among what Maven and Gradle keep on this
 * machine, else fetched once by Maven, into the cache. Every jar must be the pinned one. The native half of the client is
 * taken out of its jar, so that no start has to. Licence of all of them: Apache-2.0.
 * When you raise a version, take the list from `mvn dependency:list` and the hashes from the jars.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Trouble } from '#base/trouble.ts'
import { readZip, unpacked } from '#host/sandbox/zip.ts'
import { BinaryProblem, filledOnce } from '../../../bin/node-binaries.mjs'

interface Jar {
  readonly group: string
  readonly name: string
  readonly version: string
  readonly sha256: string
}

/** The first is the client; its manifest names the others, beside it. */
const CLIENT: Jar = {
  group: 'com.amazonaws',
  name: 'aws-lambda-java-runtime-interface-client',
  version: '2.10.1',
  sha256: 'b0dd01f45b7258da0e32ade0bff950b12d0cf279ccebf416ad8c3795af21f1db',
}
const JARS: readonly Jar[] = [
  CLIENT,
  {
    group: 'com.amazonaws',
    name: 'aws-lambda-java-core',
    version: '1.4.0',
    sha256: '575c24393cc1ad645e83e618956eabd89ffe8cc09efae2cb62bc6589154d68ed',
  },
  {
    group: 'com.amazonaws',
    name: 'aws-lambda-java-serialization',
    version: '1.2.0',
    sha256: '1513c1f945a3213f916a4b2de1760c97b51d84d110f82bbbcf9cfac53d5651e7',
  },
  {
    group: 'software.amazon.awssdk',
    name: 'utils-lite',
    version: '2.34.0',
    sha256: 'efaf784f07ae526f0b5c89d71ef21cf16636131c47d44616e3df9bedc3f4f89a',
  },
  {
    group: 'software.amazon.awssdk',
    name: 'annotations',
    version: '2.34.0',
    sha256: 'fafdcb55f4e5af603f5219f4a2b080aa0decb562a7c0944f7a7eca82dd47e487',
  },
]
/** Pinned, because Maven's own default differs by its version. */
const COPIES_JARS = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
const MAVEN_MS = 300_000
const NATIVE: Readonly<Record<string, string>> = {
  'linux-x64': 'jni/libaws-lambda-jni.linux-x86_64.so',
  'linux-arm64': 'jni/libaws-lambda-jni.linux-aarch_64.so',
}

export interface JavaClient {
  readonly folder: string
  readonly jar: string
  /** The native half of it. */
  readonly library: string
}

export interface JavaClientOptions {
  readonly cacheFolder: string
  progress(line: string): void
}

const fileName = ({ name, version }: Jar): string => `${name}-${version}.jar`
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Faults: Trouble with the remedy when it is neither here nor to be fetched, or is not the pinned one. */
export async function javaClient(options: JavaClientOptions): Promise<JavaClient> {
  const native = NATIVE[`${process.platform}-${process.arch}`]
  if (native === undefined)
    throw new Trouble(
      `AWS's runtime interface client for Java has no native part for ${process.platform}-${process.arch}`,
      CLIENT.name,
      'run Java functions on Linux, x86-64 or arm64',
    )
  const pins = sha256(Buffer.from(JARS.map((jar) => jar.sha256).join(' '))).slice(0, 16)
  const folder = join(options.cacheFolder, 'java', pins)
  try {
    await filledOnce(
      folder,
      (line) => options.progress(line),
      async (stage) => {
        await bring(stage, options)
        await extract(join(stage, fileName(CLIENT)), native, stage)
      },
    )
  } catch (error) {
    if (!(error instanceof BinaryProblem)) throw error
    throw new Trouble(error.message, CLIENT.name, error.remedy)
  }
  return { folder, jar: join(folder, fileName(CLIENT)), library: join(folder, native) }
}

async function bring(stage: string, options: JavaClientOptions): Promise<void> {
  const kept = JARS.map((jar) => ({ jar, path: keptPath(jar) }))
  if (kept.every(({ path }) => path !== undefined)) {
    for (const { jar, path } of kept) if (path !== undefined) copyFileSync(path, join(stage, fileName(jar)))
  } else {
    options.progress("fetching AWS's runtime interface client for Java with Maven (5 MB, once)")
    await maven(stage)
  }
  for (const jar of JARS) {
    const path = join(stage, fileName(jar))
    const actual = existsSync(path) ? sha256(readFileSync(path)) : 'nothing'
    if (actual !== jar.sha256)
      throw new BinaryProblem(
        `${fileName(jar)} is not the pinned one: expected ${jar.sha256}, got ${actual}`,
        'do not use it; check which repositories Maven is configured with',
      )
  }
  options.progress("AWS's runtime interface client for Java is ready")
}

/** Of Maven's or Gradle's own cache, when it is the pinned one. */
function keptPath(jar: Jar): string | undefined {
  const { group, name, version } = jar
  const home = homedir()
  const ofMaven = join(home, '.m2/repository', ...group.split('.'), name, version, fileName(jar))
  const gradle = join(home, '.gradle/caches/modules-2/files-2.1', group, name, version)
  const ofGradle = existsSync(gradle)
    ? readdirSync(gradle).map((hash) => join(gradle, hash, fileName(jar)))
    : []
  return [ofMaven, ...ofGradle].find((path) => existsSync(path) && sha256(readFileSync(path)) === jar.sha256)
}

const dependency = ({ group, name, version }: Jar): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`

async function maven(stage: string): Promise<void> {
  const work = join(stage, 'maven')
  mkdirSync(work)
  const pom = join(work, 'pom.xml')
  writeFileSync(
    pom,
    `<project><modelVersion>4.0.0</modelVersion><groupId>windtunnel</groupId><artifactId>java-client</artifactId><version>1</version><packaging>pom</packaging><dependencies>${JARS.map(dependency).join('')}</dependencies></project>\n`,
  )
  const args = ['-B', '-q', '-f', pom, COPIES_JARS, `-DoutputDirectory=${stage}`]
  await new Promise<void>((resolve, reject) => {
    execFile('mvn', args, { cwd: work, timeout: MAVEN_MS }, (error, stdout, stderr) => {
      if (error === null) {
        resolve()
        return
      }
      const isMissing = error.code === 'ENOENT'
      const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('ERROR'))
      reject(
        new BinaryProblem(
          isMissing
            ? "AWS's runtime interface client for Java is not on this machine, and there is no Maven to fetch it"
            : `Maven could not bring AWS's runtime interface client for Java: ${lines.slice(0, 3).join('\n')}`,
          isMissing
            ? 'install Maven (such as `apt-get install maven`) and update the function; it fetches the client once'
            : 'check the network and the repositories in ~/.m2/settings.xml, then update the function',
        ),
      )
    })
  })
}

async function extract(jar: string, name: string, stage: string): Promise<void> {
  const directory = readZip(readFileSync(jar))
  const entry =
    directory.kind === 'entries' ? directory.entries.find((each) => each.name === name) : undefined
  const bytes = entry === undefined ? undefined : await unpacked(entry, LIBRARY_MAX_BYTES)
  if (bytes === undefined)
    throw new BinaryProblem(`${jar} has no ${name}`, 'the pinned client must have changed its layout')
  mkdirSync(join(stage, 'jni'))
  writeFileSync(join(stage, name), bytes, { mode: 0o755 })
}

const LIBRARY_MAX_BYTES = 64 * 1_048_576
