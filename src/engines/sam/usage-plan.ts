/** Auth.UsagePlan of REST APIs: a plan and a key of one API, or one shared by all that ask for it. */
import { given, ref } from '#engines/sam/intrinsics.ts'
import { type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import { invalidResource, SamInvalid, structureText } from '#engines/sam/sam-error.ts'
import type { SharedUsagePlan, World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

export const sharedUsagePlan = (): SharedUsagePlan => ({
  stageKeys: [],
  apiStages: [],
  dependsOn: [],
  conditions: new Set(),
  unconditional: false,
  deletionPolicy: undefined,
  updateReplacePolicy: undefined,
})

const SHARED_CONDITION = 'SharedUsagePlanCondition'
const MEMBERS = ['CreateUsagePlan', 'Description', 'Quota', 'Tags', 'Throttle', 'UsagePlanName']

export function usagePlan(world: World, source: Source, stage: Made): Made[] {
  const { id, properties } = source
  const wanted = memberOf(dictAt(properties, 'Auth'), 'UsagePlan')
  if (wanted === undefined || wanted === null) return []
  if (!isDict(wanted)) return invalidResource(id, "'UsagePlan' must be a dictionary")
  if (!Object.keys(wanted).every((name) => MEMBERS.includes(name))) {
    invalidResource(id, "Invalid property for 'UsagePlan'")
  }
  const kind = memberOf(wanted, 'CreateUsagePlan')
  if (kind === undefined || kind === null) {
    invalidResource(id, "'CreateUsagePlan' is a required field for UsagePlan.")
  }
  if (kind === 'NONE') return []
  if (kind !== 'SHARED' && kind !== 'PER_API') {
    invalidResource(id, "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].")
  }
  const apiStage: Dict = { ApiId: ref(id), Stage: ref(stage.id) }
  const stageKey: Dict = { RestApiId: ref(id), StageName: ref(stage.id) }
  const parts =
    kind === 'SHARED' ? shared(world, source, apiStage, stageKey) : own(source, apiStage, stageKey)
  const more = Object.fromEntries(
    MEMBERS.slice(1)
      .filter((name) => given(wanted[name]))
      .map((name) => [name, wanted[name]]),
  )
  const plan = made(
    `${parts.prefix}UsagePlan`,
    'AWS::ApiGateway::UsagePlan',
    { ApiStages: parts.apiStages, ...more },
    { attributes: parts.attributes(), dependsOn: parts.dependsOn },
  )
  const key = made(
    `${parts.prefix}ApiKey`,
    'AWS::ApiGateway::ApiKey',
    { Enabled: true, StageKeys: parts.stageKeys },
    { attributes: parts.attributes(), dependsOn: [plan.id] },
  )
  const link = made(
    `${parts.prefix}UsagePlanKey`,
    'AWS::ApiGateway::UsagePlanKey',
    { KeyId: ref(key.id), KeyType: 'API_KEY', UsagePlanId: ref(plan.id) },
    { attributes: parts.attributes(), dependsOn: [key.id] },
  )
  return [plan, key, link]
}

interface Parts {
  readonly prefix: string
  readonly apiStages: Value[]
  readonly stageKeys: Value[]
  readonly dependsOn: Value[]
  attributes(): Dict
}

const own = (source: Source, apiStage: Dict, stageKey: Dict): Parts => ({
  prefix: source.id,
  apiStages: [apiStage],
  stageKeys: [stageKey],
  dependsOn: [source.id],
  attributes: () => passedOn(source),
})

function shared(world: World, source: Source, apiStage: Dict, stageKey: Dict): Parts {
  const plan = world.usagePlan
  plan.dependsOn.push(source.id)
  plan.apiStages.push(apiStage)
  plan.stageKeys.push(stageKey)
  const attributes = combine(world, source)
  return {
    prefix: 'Serverless',
    apiStages: [...plan.apiStages],
    stageKeys: [...plan.stageKeys],
    dependsOn: [...plan.dependsOn],
    attributes: () => ({ ...attributes }),
  }
}

/** The strongest policy wins; a condition stays only while every API has one. */
function combine(world: World, source: Source): Dict {
  const plan = world.usagePlan
  const deletion = textAt(source.attributes, 'DeletionPolicy')
  if (deletion !== undefined && (plan.deletionPolicy === undefined || deletion === 'Retain')) {
    plan.deletionPolicy = deletion
  }
  const replace = textAt(source.attributes, 'UpdateReplacePolicy')
  const stronger = replace === 'Retain' || (replace === 'Snapshot' && plan.updateReplacePolicy === 'Delete')
  if (replace !== undefined && (plan.updateReplacePolicy === undefined || stronger)) {
    plan.updateReplacePolicy = replace
  }
  noteCondition(world, textAt(source.attributes, 'Condition'))
  return {
    ...(plan.deletionPolicy === undefined ? {} : { DeletionPolicy: plan.deletionPolicy }),
    ...(plan.updateReplacePolicy === undefined ? {} : { UpdateReplacePolicy: plan.updateReplacePolicy }),
    ...(plan.conditions.size > 0 && !plan.unconditional ? { Condition: SHARED_CONDITION } : {}),
  }
}

function noteCondition(world: World, condition: string | undefined): void {
  const plan = world.usagePlan
  if (plan.unconditional) return
  const section = dictAt(world.target, 'Conditions')
  if (condition === undefined) {
    plan.unconditional = true
    if (section !== undefined) delete section[SHARED_CONDITION]
    return
  }
  if (plan.conditions.has(condition)) return
  if (section === undefined) {
    throw new SamInvalid(
      structureText("Can't have condition without having 'Conditions' section in the template"),
    )
  }
  plan.conditions.add(condition)
  const all = [...plan.conditions]
  section[SHARED_CONDITION] =
    all.length > 1 ? { 'Fn::Or': all.map((name) => ({ Condition: name })) } : condition
}
