/**
 * What AWS bills: interactions with advanced parameters, each parameter of a call by itself. Standard ones are free at
 * standard throughput. Source: Systems Manager pricing, Parameter Store. Their storage by the month is not recorded.
 */
import type { Call } from '#ports/service.ts'
import type { Usage } from '#ports/usage.ts'
import { arnOf } from '#services/ssm/names.ts'
import type { Tier } from '#services/ssm/records.ts'

export function billInteraction(usage: Usage, call: Call, name: string, tier: Tier): void {
  if (tier !== 'Advanced') return
  usage.record({
    at: call.at,
    account: call.account,
    region: call.region,
    service: 'ssm',
    dimension: 'advancedApiInteractions',
    quantity: 1,
    unit: 'count',
    resource: arnOf(call, name),
    traceId: call.span.traceId,
  })
}
