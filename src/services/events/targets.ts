/** What PutTargets checks of a target. Pure. Source: EventBridge API, PutTargets; recorded AWS answers. */
import { parseArn } from '#base/arn.ts'
import { parseJson } from '#base/json.ts'
import type { Target } from '#model/events.ts'
import { invalid, invalidParameter, notWritten } from '#services/events/faults.ts'
import { isInputPath } from '#services/events/json-path.ts'
import { unknownPlaceholder } from '#services/events/input.ts'

/** Services that AWS delivers to and this platform does not. Source: EventBridge user guide, Targets. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'appsync',
  'batch',
  'codebuild',
  'codepipeline',
  'ecs',
  'firehose',
  'glue',
  'inspector',
  'kinesis',
  'redshift',
  'redshift-serverless',
  'sagemaker',
  'ssm',
  'ssm-incidents',
  'states',
])

/** Targets that must come with a role; what it may do is not looked at. Source: recorded AWS answer. */
const NEED_ROLE = /^arn:[^:]+:events:[^:]*:[^:]*:api-destination\//

/** Which services take a block of parameters; SqsParameters are taken by all. Source: recorded AWS answers. */
const TAKEN_BY = {
  AppSyncParameters: ['appsync'],
  BatchParameters: ['batch'],
  EcsParameters: ['ecs'],
  HttpParameters: ['events', 'execute-api'],
  KinesisParameters: ['kinesis'],
  RedshiftDataParameters: ['redshift', 'redshift-serverless'],
  RunCommandParameters: ['ssm'],
  SageMakerPipelineParameters: ['sagemaker'],
} as const satisfies Partial<Record<keyof Target, readonly string[]>>

/** Faults ValidationException, and ours for targets that are not written. */
export function checkTargets(targets: readonly Target[], region: string): void {
  for (const target of targets) checkTarget(target, region)
  const seen = new Set<string>()
  for (const { Id } of targets) {
    if (seen.has(Id)) throw invalidParameter('targets', `More than one target with Id '${Id}' is provided.`)
    seen.add(Id)
  }
}

function checkTarget(target: Target, region: string): void {
  const { Arn, Id } = target
  if (!Arn.startsWith('arn:')) throw invalidParameter(Arn, 'Provided Arn is not in correct format.')
  const service = parseArn(Arn)?.service ?? ''
  if (NOT_WRITTEN.has(service)) throw notWritten(`A target of the service ${service} (${Id})`)
  checkBlocks(target, service)
  if (service === 'sqs' && Arn.endsWith('.fifo') && target.SqsParameters?.MessageGroupId === undefined)
    throw invalid(`Parameter(s) SqsParameters must be specified for target: ${Id}.`)
  if (NEED_ROLE.test(Arn) && target.RoleArn === undefined)
    throw invalid(`RoleArn is required for target ${Arn}.`)
  checkInput(target)
  checkDeadLetter(target.DeadLetterConfig?.Arn, region)
}

function checkBlocks(target: Target, service: string): void {
  for (const [block, services] of Object.entries(TAKEN_BY)) {
    if (!Object.hasOwn(target, block) || services.some((each) => each === service)) continue
    if (Object.entries(target).some(([name, value]) => name === block && value !== undefined))
      throw invalid(`Parameter(s) ${block} not supported for target: ${target.Id}.`)
  }
}

/** Of targets and of buses. Source: recorded AWS answers; the text for another region is inferred. */
export function checkDeadLetter(arn: string | undefined, region: string): void {
  if (arn === undefined) return
  const queue = parseArn(arn)
  if (queue?.service !== 'sqs')
    throw invalid(`${queue?.service ?? arn} is not supported as a dead letter resource.`)
  if (arn.endsWith('.fifo')) throw invalid('SQS FIFO is not supported by Dead Letter Queues.')
  if (queue.region !== region) throw invalid('The dead letter queue must be in the same region as the rule.')
}

/** Where the whole event may stand: as a value of a template that is a JSON object. */
const WHOLE = 'aws.events.event.json'

function checkInput({ Id, Input, InputPath, InputTransformer: transformer }: Target): void {
  if ([Input, InputPath, transformer].filter((each) => each !== undefined).length > 1)
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`)
  if (Input !== undefined && parseJson(Input) === undefined)
    throw invalid(`JSON syntax error in input for target ${Id}`)
  const paths = [InputPath ?? '$', ...Object.values(transformer?.InputPathsMap ?? {})]
  if (!paths.every(isInputPath)) throw invalid(`InputPath for target ${Id} is invalid.`)
  if (transformer === undefined) return
  const unknown = unknownPlaceholder(transformer)
  if (unknown !== undefined)
    throw invalid(`InputTemplate for target ${Id} contains invalid placeholder ${unknown}.`)
  const { InputTemplate: template } = transformer
  if (template.includes(`<${WHOLE}>`) && !template.trimStart().startsWith('{'))
    throw invalid(
      `InputTemplate for target ${Id} contains placeholder ${WHOLE} valid only for JSON template.`,
    )
}
