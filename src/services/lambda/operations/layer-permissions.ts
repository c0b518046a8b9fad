/** Who else may use a version of a layer: the statements of its policy. */
import { uuid } from '#base/ids.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  layerVersionGone,
  noPolicy,
  organizationNeedsAll,
  statementExists,
  statementNotFound,
  wrongRevision,
} from '#services/lambda/faults.ts'
import {
  LAYER_VERSIONS,
  type LayerStatement,
  type LayerVersionRecord,
  findLayerVersion,
  layerNamed,
  layerVersionArn,
} from '#services/lambda/layer-versions.ts'
import { ownerParts } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Meant {
  readonly LayerName: string
  readonly VersionNumber: number
  readonly RevisionId?: string | undefined
}

/** Changes the policy of a version. Faults: no such version, another revision. */
async function change(
  state: LambdaState,
  call: Call,
  input: Meant,
  edit: (before: LayerVersionRecord, arn: string) => readonly LayerStatement[],
): Promise<LayerVersionRecord> {
  const { owner, name } = layerNamed(input.LayerName, call)
  const arn = layerVersionArn(owner, name, input.VersionNumber)
  return await state.control.tx(async (tx) => {
    const found = await findLayerVersion(tx, { owner, name }, input.VersionNumber)
    if (found === undefined) throw layerVersionGone(arn)
    if (input.RevisionId !== undefined && input.RevisionId !== found.policyRevisionId)
      throw wrongRevision('GetLayerPolicy')
    const next = { ...found, policy: edit(found, arn), policyRevisionId: uuid(state.ports.random) }
    LAYER_VERSIONS.put(tx, ownerParts(owner), [name, found.version], next)
    return next
  })
}

/** An account by its number or its root, or everyone. */
function principalOf(given: string): unknown {
  if (given === '*') return '*'
  return { AWS: given.startsWith('arn:') ? given : `arn:aws:iam::${given}:root` }
}

/** Source: Lambda API, AddLayerVersionPermission; recorded AWS answers. */
export const addLayerVersionPermission: Operation<Lambda['AddLayerVersionPermission'], LambdaState> = async (
  input,
  state,
  call,
) => {
  if (input.OrganizationId !== undefined && input.Principal !== '*') throw organizationNeedsAll()
  let added: LayerStatement | undefined
  const changed = await change(state, call, input, ({ policy }, arn) => {
    if (policy.some((each) => each.Sid === input.StatementId)) throw statementExists(input.StatementId)
    added = {
      Sid: input.StatementId,
      Effect: 'Allow',
      Principal: principalOf(input.Principal),
      Action: input.Action,
      Resource: arn,
      ...(input.OrganizationId === undefined
        ? {}
        : { Condition: { StringEquals: { 'aws:PrincipalOrgID': input.OrganizationId } } }),
    }
    return [...policy, added]
  })
  return { Statement: JSON.stringify(added), RevisionId: changed.policyRevisionId }
}

/** Source: Lambda API, RemoveLayerVersionPermission; recorded AWS answers. */
export const removeLayerVersionPermission: Operation<
  Lambda['RemoveLayerVersionPermission'],
  LambdaState
> = async (input, state, call) => {
  await change(state, call, input, ({ policy }) => {
    if (!policy.some((each) => each.Sid === input.StatementId)) throw statementNotFound(input.StatementId)
    return policy.filter((each) => each.Sid !== input.StatementId)
  })
  return {}
}

/** Source: Lambda API, GetLayerVersionPolicy; recorded AWS answers. */
export const getLayerVersionPolicy: Operation<Lambda['GetLayerVersionPolicy'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const layer = layerNamed(input.LayerName, call)
  const found = await findLayerVersion(state.control.read, layer, input.VersionNumber)
  if (found === undefined)
    throw layerVersionGone(layerVersionArn(layer.owner, layer.name, input.VersionNumber))
  if (found.policy.length === 0) throw noPolicy()
  return {
    Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: found.policy }),
    RevisionId: found.policyRevisionId,
  }
}
