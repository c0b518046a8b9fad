/**
 * A class data archive for AWS's runtime interface client and the part of the JDK that it uses, as AWS's Java runtimes
 * have one (`runtime.jsa`): without it every start parses two thousand classes again. Made once for each Java and kept in
 * the cache: one run of the client with an event of ours tells which classes, then the JVM writes them down. Where the JVM
 * will not, functions start without. Nothing of a user's code is in it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeReply } from '#ports/sandboxes.ts'
import type { JavaClient, JavaClientOptions } from '#host/sandbox/java-client.ts'
import type { Java } from '#host/sandbox/javas.ts'
import { runtimeServer } from '#host/sandbox/runtime-api.ts'
import { BinaryProblem, filledOnce } from '../../../bin/node-binaries.mjs'

export const CLIENT_CLASS = 'com.amazonaws.services.lambda.runtime.api.client.AWSLambda'
/** The first Java whose archives hold classes of the class path. Source: JEP 310 (10) and JEP 341 (12). */
const LEAST_MAJOR = 11
/** A method of the JDK that takes a map, as a handler of users would. */
const TRAINING_HANDLER = 'java.util.HashMap::putAll'
const TRAINING_EVENT =
  '{"text":"a","number":1.5,"flag":true,"none":null,"list":[1,"b",{"c":2}],"map":{"d":{}}}'
const TRAINING_EVENTS = 3
const RUN_MS = 60_000

/** What must be the same when the archive is written and when it is used. */
export function archivedFlags(java: Java, client: JavaClient): readonly string[] {
  return [
    '-XX:+UseSerialGC',
    ...(java.major >= 9 ? ['--add-opens=java.base/java.io=ALL-UNNAMED'] : []),
    ...(java.major >= 24 ? ['--enable-native-access=ALL-UNNAMED'] : []),
    '-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac',
    '-Djava.net.preferIPv4Stack=true',
    `-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI=${client.library}`,
  ]
}

/** The archive's file, or undefined where this Java cannot have one. Faults: none. */
export async function javaArchive(
  java: Java,
  client: JavaClient,
  options: JavaClientOptions,
): Promise<string | undefined> {
  if (java.major < LEAST_MAJOR) return undefined
  // an update of Java in the same place is another Java, and its archives are of no use to the next
  const made = statSync(join(java.home, 'release')).mtimeMs
  const key = createHash('sha256').update(`${java.home} ${java.version} ${made} ${client.jar}`).digest('hex')
  const folder = join(options.cacheFolder, 'java-archives', `${java.version}-${key.slice(0, 16)}`)
  try {
    await filledOnce(
      folder,
      (line) => options.progress(line),
      async (stage) => {
        options.progress(`writing a class archive for Java ${java.version}, as AWS's runtime has one (once)`)
        await write(java, client, stage)
      },
    )
    return join(folder, 'runtime.jsa')
  } catch (error) {
    if (!(error instanceof BinaryProblem)) throw error
    options.progress(`${error.message}; Java functions start without it`)
    return undefined
  }
}

async function write(java: Java, client: JavaClient, stage: string): Promise<void> {
  const list = join(stage, 'classes.lst')
  const archive = join(stage, 'runtime.jsa')
  const common = [...archivedFlags(java, client), '-classpath', client.jar]
  const program = join(java.home, 'bin', 'java')
  await trained(program, [`-XX:DumpLoadedClassList=${list}`, '-Xshare:off', ...common], stage)
  const dump = ['-Xshare:dump', `-XX:SharedClassListFile=${list}`, `-XX:SharedArchiveFile=${archive}`]
  const child = started(program, [...dump, ...common], stage, {})
  const { code, out } = await ended(child)
  if (code !== 0 || !existsSync(archive))
    throw new BinaryProblem(`Java ${java.version} wrote no class archive: ${out.trim().slice(-300)}`, '')
}

/** Runs the client with a few events, so that it loads what it needs for them. */
async function trained(program: string, flags: readonly string[], stage: string): Promise<void> {
  let asked = 0
  let child: ChildProcess | undefined
  const server = runtimeServer({
    admit: () => true,
    onConnection: () => {},
    onRequest: (request, reply) => {
      if (!request.path.endsWith('/invocation/next')) reply(ACCEPTED)
      else if (asked++ < TRAINING_EVENTS) reply(event(asked))
      else child?.kill('SIGTERM') // it writes its list on the way out
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  child = started(program, [...flags, CLIENT_CLASS, TRAINING_HANDLER], stage, {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  })
  try {
    const { out } = await ended(child)
    if (asked <= TRAINING_EVENTS)
      throw new BinaryProblem(`the Java client did not run for its class archive: ${out.slice(-300)}`, '')
  } finally {
    server.close()
  }
}

const ACCEPTED: RuntimeReply = { status: 202, headers: {}, body: '{"status":"OK"}' }
const event = (number: number): RuntimeReply => ({
  status: 200,
  headers: {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': `training-${number}`,
    'Lambda-Runtime-Deadline-Ms': '9999999999999',
    'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:000000000000:function:training',
    'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
  },
  body: TRAINING_EVENT,
})

function started(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS })
}

function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly out: string }> {
  return new Promise((resolve, reject) => {
    let out = ''
    const keep = (chunk: Buffer): void => {
      if (out.length < 65_536) out += chunk.toString()
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', (error) => reject(new BinaryProblem(error.message, '')))
    child.on('close', (code) => resolve({ code, out }))
  })
}
