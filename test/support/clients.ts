/**
 * Clients of others, as they are installed on a developer's machine: where they are, and the variables that lead them
 * to a platform. `WINDTUNNEL_TEST_CLIENTS` names the `bin` folder of a Python environment with awscli, boto3 and
 * aws-sam-cli; without it the PATH is looked through. A client that is absent is a reason to skip.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './command.ts'
import type { Platform } from './platform.ts'

const FOLDER = process.env['WINDTUNNEL_TEST_CLIENTS']

function inPath(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

const path = (process.env['PATH'] ?? '').split(delimiter)

/** `aws`, `sam` or `python3` of the clients' environment. */
export function client(name: string): string | undefined {
  const folders = FOLDER === undefined ? path : [FOLDER]
  return inPath(name, folders)
}

/** The AWS CLI of version 2, which is never part of a Python environment. */
export async function awsCli2(): Promise<string | undefined> {
  for (const found of path.map((folder) => join(folder, 'aws')).filter((each) => existsSync(each))) {
    if ((await run(found, ['--version'])).out.startsWith('aws-cli/2')) return found
  }
  return undefined
}

/** A Python that has boto3. */
export async function boto3(): Promise<string | undefined> {
  const python = client('python3') ?? client('python')
  if (python === undefined) return undefined
  return (await run(python, ['-c', 'import boto3'])).code === 0 ? python : undefined
}

export const ABSENT = 'it is not installed here'

/** What every client gets: dummy credentials, the address, and no files or services of this machine. */
export function clientEnv(to: Platform, home: string): Record<string, string | undefined> {
  return {
    HOME: home,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: to.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    SAM_CLI_TELEMETRY: '0',
    SAM_CLI_CHECK_VERSION: '0',
    PYTHONUNBUFFERED: '1',
    NO_COLOR: '1',
  }
}
