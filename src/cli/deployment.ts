/**
 * One deployment: local code packaged and uploaded, a change set made and executed, its events shown as they come,
 * the endpoints at the end. Everything goes through AWS's own APIs of the platform.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { stringAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'
import { UsageError } from '#cli/arguments.ts'
import { type Application, applicationOf } from '#cli/application.ts'
import { ApiError, type PlatformClient, listAt } from '#cli/client.ts'
import { textOf } from '#cli/files.ts'
import { type Artifact, artifactsOf, replace } from '#cli/package/artifacts.ts'
import { built } from '#cli/package/build.ts'
import { packageOf } from '#cli/package/folder.ts'
import { ShownEvents, StackEvents } from '#cli/stack-events.ts'
import { type ParsedTemplate, parseTemplate } from '#engines/templates/parse.ts'
import { type Dict, isDict } from '#engines/templates/value.ts'

export interface DeploymentRequest {
  readonly template: string
  readonly stack: string
  readonly parameters: Readonly<Record<string, string>>
  readonly build: boolean
  readonly cacheFolder: string
  step(line: string): void
}

export interface Deployed extends Application {
  readonly unchanged: boolean
}

/** How often the stack's events are asked for. */
const POLL_MS = 100
const WAIT_MAX_MS = 30 * 60_000

/** A template's path: itself, or the one in a folder under the names that tools give it. */
export function templateIn(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new UsageError(
      'There is no such template.',
      path,
      'Name a SAM or CloudFormation template, or a folder that holds one.',
    )
  if (!stat.isDirectory()) return path
  for (const name of ['template.yaml', 'template.yml', 'template.json']) {
    if (statSync(join(path, name), { throwIfNoEntry: false }) !== undefined) return join(path, name)
  }
  throw new UsageError(
    'The folder holds no template.yaml, template.yml or template.json.',
    path,
    'Name the template itself.',
  )
}

/** The name of a stack that nobody named: the folder's. */
export function stackNameOf(template: string): string {
  const name = basename(dirname(resolve(template)))
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^[^A-Za-z]+/, '')
  return name === '' ? 'application' : name.slice(0, 120)
}

export async function deploy(client: PlatformClient, request: DeploymentRequest): Promise<Deployed> {
  const template = readTemplate(request.template)
  await uploadArtifacts(client, request, template.body)
  const changeSet = await createChangeSet(client, request, template)
  if (changeSet === 'unchanged') return { ...(await applicationOf(client, request.stack)), unchanged: true }
  // Events of deployments before this one are neither shown again nor blamed.
  const events = await StackEvents.fromNowOn(client, request.stack)
  await client.call('cloudformation', 'ExecuteChangeSet', {
    ChangeSetName: changeSet.name,
    StackName: request.stack,
  })
  await follow(client, request, new ShownEvents(events, changeSet.changes, (line) => request.step(line)))
  return { ...(await applicationOf(client, request.stack)), unchanged: false }
}

function readTemplate(path: string): ParsedTemplate {
  const parsed = parseTemplate(textOf(path))
  if (parsed.ok) return parsed.value
  const { message, line } = parsed.error
  throw new UsageError(message, line === undefined ? path : `${path}:${line}`, 'Correct the template.')
}

async function uploadArtifacts(
  client: PlatformClient,
  request: DeploymentRequest,
  body: Dict,
): Promise<void> {
  const artifacts = artifactsOf(body)
  if (artifacts.length === 0) return
  const bucket = `windtunnel-deploy-${client.account}-${client.region}`
  await client.call('s3', 'CreateBucket', {
    Bucket: bucket,
    ...(client.region === 'us-east-1'
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: client.region } }),
  })
  for (const artifact of artifacts) {
    const key = await upload(client, request, artifact, bucket)
    replace(artifact, { bucket, key })
  }
}

async function upload(
  client: PlatformClient,
  request: DeploymentRequest,
  artifact: Artifact,
  bucket: string,
): Promise<string> {
  const local = resolve(dirname(request.template), artifact.path)
  const folder = request.build ? await built(artifact, local, request) : local
  const bytes = artifact.zipped ? packageOf(folder).bytes : readFileSync(folder)
  const key = `${artifact.logicalId}/${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`
  request.step(`uploading ${artifact.logicalId} (${(bytes.length / 1024).toFixed(1)} KB)`)
  const body = new Uint8Array(bytes)
  const response = await client.send('s3', `/${bucket}/${key}`, { method: 'PUT', body })
  if (!response.ok)
    throw new Trouble(
      `The upload was refused: ${response.status} ${(await client.text(response)).slice(0, 200)}`,
      artifact.logicalId,
      'Look at the log of the platform.',
    )
  return key
}

async function createChangeSet(
  client: PlatformClient,
  request: DeploymentRequest,
  template: ParsedTemplate,
): Promise<ChangeSet | 'unchanged'> {
  try {
    return await createdChangeSet(client, request, template.body)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new ApiError(error.code, error.message, {
      thing: placeOf(error.message, request.template, template),
      remedy: 'Correct the template or its parameters, then deploy again.',
    })
  }
}

/** The line of the first resource or parameter whose name or type the refusal says; without one the whole file. */
function placeOf(message: string, path: string, template: ParsedTemplate): string {
  const { body } = template
  const isNamed = (word: unknown): boolean =>
    typeof word === 'string' && message.split(/[^\w:.-]+/).includes(word)
  for (const section of ['Resources', 'Parameters']) {
    const found = Object.entries(isDict(body[section]) ? body[section] : {}).find(
      ([name, entry]) =>
        isNamed(name) || (section === 'Resources' && isDict(entry) && isNamed(entry['Type'])),
    )
    const line = found === undefined ? undefined : template.lineOf(section, found[0])
    if (line !== undefined) return `${path}:${line}`
  }
  return path
}

async function createdChangeSet(
  client: PlatformClient,
  request: DeploymentRequest,
  body: Dict,
): Promise<ChangeSet | 'unchanged'> {
  const name = `windtunnel-${createHash('sha256').update(`${process.pid}${process.hrtime.bigint()}`).digest('hex').slice(0, 12)}`
  const exists = await stackExists(client, request)
  await client.call('cloudformation', 'CreateChangeSet', {
    StackName: request.stack,
    ChangeSetName: name,
    ChangeSetType: exists ? 'UPDATE' : 'CREATE',
    TemplateBody: JSON.stringify(body),
    Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    Parameters: Object.entries(request.parameters).map(([key, value]) => ({
      ParameterKey: key,
      ParameterValue: value,
    })),
  })
  const started = Date.now()
  for (;;) {
    const set = await client.call('cloudformation', 'DescribeChangeSet', {
      ChangeSetName: name,
      StackName: request.stack,
    })
    const status = stringAt(set, 'Status')
    const reason = stringAt(set, 'StatusReason') ?? ''
    if (status === 'CREATE_COMPLETE') return { name, changes: await changesOf(client, request.stack, set) }
    if (status === 'FAILED') {
      await client.call('cloudformation', 'DeleteChangeSet', {
        ChangeSetName: name,
        StackName: request.stack,
      })
      if (/didn't contain changes|No updates are to be performed/.test(reason)) return 'unchanged'
      throw new ApiError('ChangeSetFailed', reason)
    }
    await wait(started, request.stack)
  }
}

async function statusOf(client: PlatformClient, stack: string): Promise<string | undefined> {
  try {
    const answer = await client.call('cloudformation', 'DescribeStacks', { StackName: stack })
    return stringAt(listAt(answer, 'Stacks')[0], 'StackStatus')
  } catch (error) {
    if (error instanceof ApiError && /does not exist/.test(error.message)) return undefined
    throw error
  }
}

/** A stack whose creation was rolled back holds nothing and takes no update: it is removed, and made again. */
async function stackExists(client: PlatformClient, request: DeploymentRequest): Promise<boolean> {
  const { stack } = request
  const status = await statusOf(client, stack)
  if (status !== 'ROLLBACK_COMPLETE') return status !== undefined && status !== 'REVIEW_IN_PROGRESS'
  request.step(`removing what is left of ${stack}, whose creation was rolled back`)
  await client.call('cloudformation', 'DeleteStack', { StackName: stack })
  const started = Date.now()
  while ((await statusOf(client, stack)) !== undefined) await wait(started, stack)
  return false
}

interface ChangeSet {
  readonly name: string
  /** How many resources it makes, changes or removes. */
  readonly changes: number
}

async function changesOf(client: PlatformClient, stack: string, first: unknown): Promise<number> {
  let count = 0
  for (let page = first; ;) {
    count += listAt(page, 'Changes').length
    const NextToken = stringAt(page, 'NextToken')
    if (NextToken === undefined) return count
    page = await client.call('cloudformation', 'DescribeChangeSet', {
      ChangeSetName: stringAt(first, 'ChangeSetName'),
      StackName: stack,
      NextToken,
    })
  }
}

async function follow(client: PlatformClient, request: DeploymentRequest, shown: ShownEvents): Promise<void> {
  const started = Date.now()
  for (;;) {
    // The state before the events: whatever led to an end that is seen here is among them.
    const stack = listAt(
      await client.call('cloudformation', 'DescribeStacks', { StackName: request.stack }),
      'Stacks',
    )[0]
    const status = stringAt(stack, 'StackStatus') ?? ''
    await shown.more()
    if (!status.endsWith('IN_PROGRESS')) {
      if (status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE') return
      throw new ApiError(status, shown.failure ?? `The stack ended as ${status}.`, {
        thing: `stack ${request.stack}, ${status}`,
        remedy: 'Correct the template, then deploy it again.',
      })
    }
    await wait(started, request.stack)
  }
}

async function wait(started: number, stack: string): Promise<void> {
  if (Date.now() - started > WAIT_MAX_MS)
    throw new Trouble('The deployment did not end.', stack, 'windtunnel doctor, and the log of the platform.')
  await new Promise((resume) => setTimeout(resume, POLL_MS))
}
