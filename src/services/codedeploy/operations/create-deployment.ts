/** CreateDeployment: an AppSpec file and a group make a deployment, which begins at once. */
import { concat, text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { uuid } from '#base/ids.ts'
import { failed, ok, type Result } from '#base/result.ts'
import type { CodeDeploy, RevisionLocation } from '#model/codedeploy.ts'
import type { Call, Operation } from '#ports/service.ts'
import { readAppSpec } from '#services/codedeploy/app-spec.ts'
import { after, type Deployment, freshLifecycle } from '#services/codedeploy/deployment.ts'
import { newDeploymentId, wake } from '#services/codedeploy/drive.ts'
import {
  busyGroup,
  groupNameRequired,
  invalidRevision,
  revisionRequired,
} from '#services/codedeploy/faults.ts'
import { APP_SPEC_BYTES_MAX } from '#services/codedeploy/limits.ts'
import {
  deployments,
  type GroupRecord,
  groupNamed,
  ownerOf,
  putDeployment,
  routingNamed,
} from '#services/codedeploy/records.ts'
import type { Routing } from '#services/codedeploy/routing.ts'
import { autoRollbackOf, checkDeployment, NO_ROLLBACK } from '#services/codedeploy/settings.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'
import { sha256Hex } from '#services/codedeploy/digest.ts'

type Input = CodeDeploy['CreateDeployment']['in']

/**
 * Source: CodeDeploy API, CreateDeployment. An AppSpec file that cannot be used makes a deployment that has failed.
 * Faults: no such application, group or configuration; a group that deploys already; settings of other platforms.
 */
export const createDeployment: Operation<CodeDeploy['CreateDeployment'], CodeDeployState> = async (
  input,
  state,
  call,
) => {
  checkDeployment(input)
  const { applicationName: application, deploymentGroupName: groupName } = input
  if (groupName === undefined) throw groupNameRequired()
  const group = await groupNamed(state.store.read, call, application, groupName)
  const configuration = input.deploymentConfigName ?? group.configuration
  const routing = await routingNamed(state.store.read, call, configuration)
  const revision = input.revision ?? group.targetRevision
  if (revision === undefined) throw revisionRequired()
  const content = await contentOf(state, call, revision)
  const fresh = newDeployment(state, group, input, { configuration, routing, revision, content })
  await state.store.tx(async (tx) => {
    const now = await groupNamed(tx, call, application, groupName)
    if (now.active !== undefined) throw busyGroup(groupName, now.active)
    const last = now.lastSucceeded?.deploymentId
    const before = last === undefined ? undefined : await deployments.get(tx, ownerOf(call), last)
    await putDeployment(tx, ownerOf(call), { ...fresh, previousRevision: before?.revision })
  })
  wake(state, call, fresh.id)
  return { deploymentId: fresh.id }
}

interface Chosen {
  readonly configuration: string
  readonly routing: Routing
  readonly revision: RevisionLocation
  readonly content: Result<string, string>
}

function newDeployment(
  state: CodeDeployState,
  group: GroupRecord,
  input: Input,
  { configuration, routing, revision, content }: Chosen,
): Deployment {
  const spec = content.ok ? readAppSpec(content.value) : content
  const { autoRollbackConfiguration: own } = input
  const now = state.clock.now()
  const made: Deployment = {
    id: newDeploymentId(state),
    application: group.application,
    group: group.name,
    configuration,
    routing,
    revision,
    description: input.description,
    creator: 'user',
    autoRollback: own === undefined ? (group.autoRollback ?? NO_ROLLBACK) : autoRollbackOf(own),
    move: spec.ok ? spec.value.move : undefined,
    hooks: spec.ok ? spec.value.hooks : {},
    executionIds: { BeforeAllowTraffic: uuid(state.random), AfterAllowTraffic: uuid(state.random) },
    createdAt: now,
    status: 'Created',
    phase: 'Start',
    lifecycle: freshLifecycle(),
    weight: 0,
  }
  if (spec.ok) return made
  const message = `The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration is missing or has an invalid configuration. ${spec.error}`
  return after(made, { kind: 'failed', code: 'INVALID_LAMBDA_CONFIGURATION', message }, now)
}

/** The AppSpec file's text, or why there is none. Fault InvalidRevisionException for a revision that is none of Lambda's. */
async function contentOf(
  state: CodeDeployState,
  call: Call,
  revision: RevisionLocation,
): Promise<Result<string, string>> {
  const { revisionType: type } = revision
  if (type === 'AppSpecContent') return given(revision.appSpecContent)
  if (type === 'String') return given(revision.string)
  if (type === 'S3') return await stored(state, call, revision)
  throw invalidRevision(
    'A revision of the compute platform Lambda must have the type AppSpecContent, String or S3.',
  )
}

function given(
  of: { readonly content?: string | undefined; readonly sha256?: string | undefined } | undefined,
): Result<string, string> {
  if (of?.content === undefined) throw invalidRevision('The content of the AppSpec file is missing.')
  return of.sha256 === undefined || of.sha256.toLowerCase() === sha256Hex(utf8(of.content))
    ? ok(of.content)
    : failed('The SHA256 hash of its content is another one.')
}

async function stored(
  state: CodeDeployState,
  call: Call,
  { s3Location: place }: RevisionLocation,
): Promise<Result<string, string>> {
  const { bucket: Bucket = '', key: Key = '', bundleType, version } = place ?? {}
  if (bundleType?.toUpperCase() !== 'YAML' && bundleType?.toUpperCase() !== 'JSON')
    throw invalidRevision('BundleType must be either YAML or JSON.')
  try {
    const input = { Bucket, Key, ...(version === undefined ? {} : { VersionId: version }) }
    const { Body } = await state.api.call('s3', 'GetObject', input, call)
    return await collected(Body)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return failed(`It could not be read from the bucket: ${error.message}`)
  }
}

async function collected(
  body: Uint8Array | string | AsyncIterable<Uint8Array> | undefined,
): Promise<Result<string, string>> {
  if (body === undefined) return ok('')
  if (typeof body === 'string') return ok(body)
  if (body instanceof Uint8Array) return ok(text(body))
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > APP_SPEC_BYTES_MAX) return failed(`It is larger than ${APP_SPEC_BYTES_MAX} bytes.`)
    chunks.push(chunk)
  }
  return ok(text(concat(chunks)))
}
