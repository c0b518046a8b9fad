/** The scaling law of a mapping's settings. Pure. */
import { ON_DEMAND, PROVISIONED } from '#services/lambda/event-sources/limits.ts'
import type { MappingSettings } from '#services/lambda/event-sources/record.ts'
import type { Scale } from '#services/lambda/event-sources/scaling.ts'

/** With MaximumConcurrency the start is kept when it is quiet. Source: Lambda developer guide, Configuring scaling behavior. */
export function scaleOf(settings: MappingSettings): Scale {
  const { provisioned, concurrencyMax } = settings
  const backsOff = !settings.reportsFailures
  if (provisioned !== undefined)
    return {
      start: provisioned.minimum,
      fewest: provisioned.minimum,
      most: provisioned.maximum,
      invokesPerPoller: PROVISIONED.invokesPerPoller,
      invokesMax: PROVISIONED.invokesMax,
      grow: PROVISIONED.grow,
      growMs: PROVISIONED.growMs,
      pollsPerSecond: PROVISIONED.pollsPerSecond,
      bytesPerSecond: PROVISIONED.bytesPerSecond,
      backsOff,
    }
  const most = concurrencyMax ?? ON_DEMAND.most
  const start = Math.min(ON_DEMAND.start, most)
  return {
    start,
    fewest: concurrencyMax === undefined ? ON_DEMAND.fewest : start,
    most,
    invokesPerPoller: 1,
    invokesMax: most,
    grow: ON_DEMAND.grow,
    growMs: ON_DEMAND.growMs,
    pollsPerSecond: undefined,
    bytesPerSecond: undefined,
    backsOff,
  }
}
