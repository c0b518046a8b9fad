/** Errors of handlers as the reasons that CloudFormation prints. */
import { Fault } from '#base/fault.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import { HandlerFailure } from '#services/cloudformation/interruption.ts'
import { REASON_CHARACTERS_MAX } from '#services/cloudformation/limits.ts'

/** Source: CloudFormation CLI, handler error codes. Which of our faults is which is `inferred` from their names. */
function handlerCode({ code, side }: Fault): string {
  if (/AlreadyExists|Conflict|BucketAlreadyOwnedByYou/.test(code)) return 'AlreadyExists'
  if (/NotFound|NoSuch/.test(code)) return 'NotFound'
  if (/AccessDenied|Unauthorized/.test(code)) return 'AccessDenied'
  if (/Throttl|TooManyRequests/.test(code)) return 'Throttling'
  if (/Limit|Quota/.test(code)) return 'ServiceLimitExceeded'
  if (code === 'NotImplemented') return 'UnsupportedOperation'
  return side === 'server' ? 'ServiceInternalError' : 'InvalidRequest'
}

/** The reason of a failed resource, or undefined when the error is a defect of ours. */
export function reasonOf(error: unknown, service: string, token: string): string | undefined {
  if (error instanceof TemplateError || error instanceof HandlerFailure) {
    return error.message.slice(0, REASON_CHARACTERS_MAX)
  }
  if (!(error instanceof Fault)) return undefined
  if (error.code === 'ValidationError' && error.status === 400 && error.message.startsWith('Windtunnel ')) {
    return error.message
  }
  const status = error.status ?? (error.side === 'server' ? 500 : 400)
  const text = `Resource handler returned message: "${error.message} (Service: ${service}, Status Code: ${status}, Error Code: ${error.code})" (RequestToken: ${token}, HandlerErrorCode: ${handlerCode(error)})`
  return text.slice(0, REASON_CHARACTERS_MAX)
}

/** The service of a resource type, as AWS's SDK names it in messages: `Lambda` of `AWS::Lambda::Function`. */
export const serviceOf = (type: string): string => type.split('::')[1] ?? type

/** Source: recorded AWS answer. */
export const propertiesReason = (logicalId: string, wrong: readonly string[]): string =>
  `Properties validation failed for resource ${logicalId} with message:\n[${wrong.join(', ')}]`.slice(
    0,
    REASON_CHARACTERS_MAX,
  )

export const failedText = (what: 'create' | 'update' | 'delete', ids: readonly string[]): string =>
  `The following resource(s) failed to ${what}: [${ids.join(', ')}]. `
