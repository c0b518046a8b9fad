/**
 * What a function finds in its environment. The host adds the address of the Runtime API, and puts real folders in
 * place of `/var/task` where it has no namespaces. Source: Lambda developer guide, Environment variables; recorded
 * values for LANG, TZ, PWD, SHLVL and the tracing variables.
 */
import type { InitializationType } from '#services/lambda/log-lines.ts'
import type { Owner } from '#services/lambda/names.ts'
import type { RoleCredentials } from '#services/lambda/role-sessions.ts'

export interface VariableSource {
  readonly owner: Owner
  readonly name: string
  readonly version: string
  readonly runtime: string
  readonly handler: string
  readonly memoryMb: number
  readonly variables: Readonly<Record<string, string>>
  readonly logFormat: string
  readonly applicationLogLevel: string | undefined
  readonly logGroup: string
  readonly logStream: string
  readonly initializationType: InitializationType
  readonly credentials: RoleCredentials
  /** Where the platform answers AWS's APIs, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string
}

/** Variables of the interpreter, which AWS sets for that runtime only. */
function interpreterVariables(runtime: string): Record<string, string> {
  if (runtime.startsWith('nodejs')) {
    const major = /^nodejs(\d+)/.exec(runtime)?.[1] ?? ''
    return {
      NODE_PATH: `/opt/nodejs/node${major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task`,
    }
  }
  return runtime.startsWith('python') ? { PYTHONPATH: '/var/runtime' } : {}
}

/** The user's own variables come last, except those that Lambda reserves, which were refused at creation. */
export function environmentVariables(of: VariableSource): Record<string, string> {
  const custom = of.runtime.startsWith('provided')
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LD_LIBRARY_PATH:
      '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    PWD: '/var/task',
    SHLVL: '0',
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    ...interpreterVariables(of.runtime),
    ...(custom ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${of.runtime}` }),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
    _AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1',
    _AWS_XRAY_DAEMON_PORT: '2000',
    AWS_ENDPOINT_URL: of.endpoint,
    ...of.variables,
    AWS_REGION: of.owner.region,
    AWS_DEFAULT_REGION: of.owner.region,
    AWS_ACCESS_KEY_ID: of.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: of.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: of.credentials.sessionToken,
    AWS_LAMBDA_FUNCTION_NAME: of.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${of.memoryMb}`,
    AWS_LAMBDA_FUNCTION_VERSION: of.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: of.initializationType,
    AWS_LAMBDA_LOG_GROUP_NAME: of.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: of.logStream,
    ...(of.logFormat === 'JSON'
      ? { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: of.applicationLogLevel ?? 'INFO' }
      : {}),
    _HANDLER: of.handler,
  }
}
