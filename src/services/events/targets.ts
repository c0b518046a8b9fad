/** What PutTargets checks of a target. Pure. Source: EventBridge API, PutTargets; recorded AWS answers. */
import { parseArn } from '#base/arn.ts'
import { parseJson } from '#base/json.ts'
import type { Target } from '#model/events.ts'
import { invalid, invalidParameter, notWritten } from '#services/events/faults.ts'
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

/** Faults ValidationException, and ours for targets that are not written. */
export function checkTarget(target: Target): void {
  const { Arn, Id } = target
  if (!Arn.startsWith('arn:')) throw invalidParameter(Arn, 'Provided Arn is not in correct format.')
  const service = parseArn(Arn)?.service ?? ''
  if (NOT_WRITTEN.has(service)) throw notWritten(`A target of the service ${service} (${Id})`)
  if (service === 'sqs' && Arn.endsWith('.fifo') && target.SqsParameters?.MessageGroupId === undefined)
    throw invalid(`Parameter(s) SqsParameters must be specified for target: ${Id}.`)
  checkInput(target)
  const queue = target.DeadLetterConfig?.Arn
  if (queue !== undefined && parseArn(queue)?.service !== 'sqs')
    throw invalidParameter('DeadLetterConfig', 'Only SQS queues are supported.')
}

function checkInput({ Id, Input, InputPath, InputTransformer: transformer }: Target): void {
  if ([Input, InputPath, transformer].filter((each) => each !== undefined).length > 1)
    throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`)
  if (Input !== undefined && parseJson(Input) === undefined)
    throw invalid(`JSON syntax error in input for target ${Id}`)
  const unknown = transformer === undefined ? undefined : unknownPlaceholder(transformer)
  if (unknown !== undefined)
    throw invalid(`InputTemplate for target ${Id} contains invalid placeholder ${unknown}.`)
}
