/** What AWS bills of each request: one record, by the class of the operation. Source: S3 pricing, Requests and data retrievals. */
import { Fault } from '#base/fault.ts'
import { stringAt } from '#base/json.ts'
import type { Call, Operation, Shape } from '#ports/service.ts'
import type { S3State } from '#services/s3/state.ts'

/** Dimensions as the price book spells them. DELETE and abort requests are free and leave no record. */
type RequestClass = 'putCopyPostList' | 'getAndOther'

/** Requests that find no bucket have nobody to bill; other refused ones are billed. Source: S3 user guide, Billing for error responses (except those of strangers: inferred). */
function metered<O extends Shape>(
  dimension: RequestClass,
  run: Operation<O, S3State>,
): Operation<O, S3State> {
  return async (input: O['in'], state, call) => {
    try {
      const answer = await run(input, state, call)
      record(dimension, input, state, call)
      return answer
    } catch (error) {
      if (error instanceof Fault && error.side === 'client' && error.code !== 'NoSuchBucket')
        record(dimension, input, state, call)
      throw error
    }
  }
}

function record(dimension: RequestClass, input: unknown, state: S3State, call: Call): void {
  state.usage.record({
    at: call.at,
    account: call.account,
    region: call.region,
    service: 's3',
    dimension,
    quantity: 1,
    unit: 'count',
    resource: stringAt(input, 'Bucket') ?? '',
    traceId: call.span.traceId,
  })
}

/** A PUT, COPY, POST or LIST request. */
export const put = <O extends Shape>(run: Operation<O, S3State>): Operation<O, S3State> =>
  metered('putCopyPostList', run)

/** A GET or any other request that is not free. */
export const get = <O extends Shape>(run: Operation<O, S3State>): Operation<O, S3State> =>
  metered('getAndOther', run)
