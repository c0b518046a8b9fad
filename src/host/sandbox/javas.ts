/** The Java runtimes of this machine: JAVA_HOME and its numbered sisters, the PATH, and where systems and tools install them. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Java {
  /** Of the JDK or JRE. */
  readonly home: string
  /** 8, 11, 17. */
  readonly major: number
  /** As it says of itself, such as `17.0.15`. */
  readonly version: string
}

/** Where an installed Java says its version and processor, without being started. Source: OpenJDK, the file `release`. */
const VERSION = /^JAVA_VERSION="([^"]+)"/m
const ARCHITECTURE = /^OS_ARCH="([^"]+)"/m
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
}

/** All there are, oldest first, one of each major version: the newest update of it. */
export function findJavas(): readonly Java[] {
  const best = new Map<number, Java>()
  for (const home of new Set(homes().map(resolved))) {
    const java = home === undefined ? undefined : javaAt(home)
    const known = java === undefined ? undefined : best.get(java.major)
    if (java !== undefined && (known === undefined || isNewer(java, known))) best.set(java.major, java)
  }
  return [...best.values()].toSorted((a, b) => a.major - b.major)
}

/** That major version, else the next newer one: classes compiled for a version do not load on older ones. */
export function javaFor(found: readonly Java[], major: number): Java | undefined {
  return found.find((java) => java.major >= major)
}

/** The Java of that folder; undefined when it has none of this machine's processor, or does not say its version. */
export function javaAt(home: string): Java | undefined {
  const release = textOf(join(home, 'release'))
  const version = VERSION.exec(release)?.[1]
  const architecture = ARCHITECTURE.exec(release)?.[1]
  if (version === undefined || !existsSync(join(home, 'bin', 'java'))) return undefined
  if (architecture !== undefined && ARCHITECTURES[architecture] !== process.arch) return undefined
  const major = Number(/^(?:1\.)?(\d+)/.exec(version)?.[1])
  return Number.isInteger(major) ? { home, major, version } : undefined
}

function homes(): readonly string[] {
  const variables = Object.entries(process.env)
    .filter(([name]) => /^JAVA_HOME(_\d\w*)?$/.test(name))
    .flatMap(([, value]) => value ?? [])
  const onPath = (process.env['PATH'] ?? '').split(':').flatMap((folder) => {
    const java = folder.startsWith('/') ? resolved(join(folder, 'java')) : undefined
    return java === undefined ? [] : [dirname(dirname(java))]
  })
  const home = homedir()
  const installed = [
    '/usr/lib/jvm',
    '/opt/java',
    join(home, '.sdkman/candidates/java'),
    join(home, '.jdks'),
  ].flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
  const onMac = namesIn('/Library/Java/JavaVirtualMachines').map((name) =>
    join('/Library/Java/JavaVirtualMachines', name, 'Contents/Home'),
  )
  return [...variables, ...onPath, ...installed, ...onMac]
}

const isNewer = (one: Java, other: Java): boolean =>
  one.version.localeCompare(other.version, 'en', { numeric: true }) > 0

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // few machines have all of them
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined // not there, or a dangling link
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
