/**
 * The java runtimes: a Java of this machine, of that version or the next newer one, with AWS's own runtime interface client
 * and the flags that AWS's runtimes start it with. Where it is found is `javas.ts`, the client `java-client.ts`.
 */
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Trouble } from '#base/trouble.ts'
import type { Mount } from '#host/sandbox/confinement.ts'
import { archivedFlags, CLIENT_CLASS, javaArchive } from '#host/sandbox/java-archive.ts'
import { type JavaClient, javaClient } from '#host/sandbox/java-client.ts'
import { findJavas, type Java, javaFor } from '#host/sandbox/javas.ts'
import { FRAMES_VARIABLE } from '#host/sandbox/log-frames.ts'
import {
  type CommandSource,
  MIB,
  type Missing,
  OUR_RELEASE,
  type PlannedRuntime,
  type RuntimeOptions,
} from '#host/sandbox/runtime-plan.ts'

const SHARED_BYTES = 22 * MIB
/** From this runtime on AWS stops at the first compiler. Source: Lambda developer guide, Java function customization. */
const FIRST_WITH_C1_ONLY = 17

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planJava(
  identifier: string,
  major: number,
  options: RuntimeOptions,
): Promise<PlannedRuntime> {
  const found: Java[] = []
  for (const java of findJavas()) if (await options.canRun(join(java.home, 'bin/java'))) found.push(java)
  const java = javaFor(found, major)
  if (java === undefined || (java.major !== major && options.strict)) return noJava(major, found)
  try {
    const client = await javaClient(options)
    const archive = await javaArchive(java, client, options)
    return {
      kind: 'planned',
      plan: {
        identifier,
        kind: 'java',
        version: `java:${java.major}.v${OUR_RELEASE}`,
        notice:
          java.major === major
            ? undefined
            : `${identifier} runs on Java ${java.version}, because Java ${major} is not on this machine`,
        mounts: mountsOf(java, client, archive),
        links: [[client.folder, '/var/runtime/lib']],
        command: (source) => commandOf({ java, client, archive, major }, source),
        environment: FRAMES_VARIABLE,
        api: 'tcp',
        framesLogs: true,
        sharedBytes: SHARED_BYTES,
        python: undefined,
        interpreter: join(java.home, 'lib/server/libjvm.so'),
      },
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    return { kind: 'missing', reason: error.message, remedy: error.remedy }
  }
}

function noJava(major: number, found: readonly Java[]): Missing {
  const versions = found.map(({ version }) => version).join(', ')
  return {
    kind: 'missing',
    reason: `no Java ${major} is on this machine (found: ${versions === '' ? 'none' : versions})`,
    remedy: `install a JDK or JRE ${major} or newer, such as with \`apt-get install openjdk-${major}-jre-headless\`, or name one in JAVA_HOME`,
  }
}

/**
 * Java lies where it lies on AWS. The client keeps its own place, because a class archive is only valid for jars at the
 * paths it was written with.
 */
function mountsOf(java: Java, client: JavaClient, archive: string | undefined): readonly Mount[] {
  const mounts = [
    { from: java.home, to: '/var/lang' },
    { from: client.folder, to: client.folder },
  ]
  if (archive !== undefined) mounts.push({ from: dirname(archive), to: dirname(archive) })
  // Debian keeps the settings of its Javas in /etc
  const settings = /^\/etc\/[^/]+/.exec(realPath(join(java.home, 'conf/security/java.security')))?.[0]
  if (settings !== undefined) mounts.push({ from: settings, to: settings })
  return mounts
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return '' // Java 8 has it elsewhere
  }
}

interface Parts {
  readonly java: Java
  readonly client: JavaClient
  readonly archive: string | undefined
  /** Of the runtime, not of the Java that it runs on. */
  readonly major: number
}

function commandOf({ java, client, archive, major }: Parts, source: CommandSource): readonly string[] {
  return [
    '/var/lang/bin/java',
    `-XX:MaxHeapSize=${heapKb(source.memoryMb)}k`,
    ...(archive === undefined ? [] : ['-Xshare:auto', `-XX:SharedArchiveFile=${archive}`]),
    ...(major >= FIRST_WITH_C1_ONLY ? ['-XX:+TieredCompilation', '-XX:TieredStopAtLevel=1'] : []),
    ...(java.major >= 17 ? ['-XX:+ErrorFileToStderr'] : []),
    ...archivedFlags(java, client),
    '-classpath',
    client.jar,
    CLIENT_CLASS,
    source.handler,
  ]
}

const METASPACE_MAX_MB = 160
const CODE_CACHE_MAX_MB = 80

/**
 * AWS gives the heap what is left beside the metaspace (a tenth, at most 160 MB) and the code cache (a twentieth, at most
 * 80 MB). Source: command lines of Java functions that others published, 512 MB (445,645 k) and 3,008 MB (2,834,432 k);
 * the rule between them is inferred.
 */
export function heapKb(memoryMb: number): number {
  const metaspaceMb = Math.min(memoryMb * 0.1, METASPACE_MAX_MB)
  const codeCacheMb = Math.min(memoryMb * 0.05, CODE_CACHE_MAX_MB)
  return Math.round((memoryMb - metaspaceMb - codeCacheMb) * 1_024)
}
