/**
 * From a flight to the plan that the load generator follows: every arrival with its target and moment, drawn from the
 * flight's seed. Where the application answers, and what recorded files hold, the caller says.
 */
import { assert } from '#base/assert.ts'
import { seeded } from '#base/random.ts'
import { failed, ok, type Result } from '#base/result.ts'
import { arrivalsOf, drawTargets, type LoadPhase, phaseMs } from '#engines/arrivals/arrivals.ts'
import type { LoadPlan, LoadTarget } from '#ports/load.ts'
import { type EventPlace, eventRequest, isNumbered, namedBy } from '#lab/event-request.ts'
import {
  type EventTarget,
  type Flight,
  type FlightPhase,
  type FlightTarget,
  REQUESTS_MAX,
} from '#lab/flight.ts'
import { formatCount, formatSpan } from '#lab/figures.ts'

/** Where the targets of a flight are found. Each answers undefined when there is no such thing. */
export interface Endpoints {
  /** Base address of an API, without a slash at its end. `api` is undefined when the target names none. */
  api(api: string | undefined): string | undefined
  /** Address of a function's Invoke call, with the headers that it needs. */
  functionInvoke(
    functionName: string,
  ): { readonly url: string; readonly headers: Readonly<Record<string, string>> } | undefined
  /** A queue, topic, bus or bucket by its logical id, name or whatever AWS addresses it by. */
  event(kind: EventTarget['kind'], name: string): EventPlace | undefined
  /** The offsets in ms of a recorded file. */
  recording(file: string): readonly number[] | undefined
}

/** The plan, or a sentence about the first thing that is missing. */
export function planOf(flight: Flight, endpoints: Endpoints): Result<LoadPlan, string> {
  const targets: LoadTarget[] = []
  for (const target of flight.targets) {
    const placed = placedTarget(target, endpoints)
    if (!placed.ok) return placed
    targets.push(numbered(placed.value))
  }
  const phases = phasesOf(flight, endpoints)
  if (!phases.ok) return phases
  const random = seeded(flight.seed)
  const offsets = arrivalsOf(phases.value, random)
  if (offsets.length > REQUESTS_MAX) {
    return failed(
      `the load has ${formatCount(offsets.length)} requests; at most ${formatCount(REQUESTS_MAX)} fit into one flight`,
    )
  }
  const drawn = drawTargets(
    offsets.length,
    flight.targets.map((target) => target.weight),
    random,
  )
  const arrivals = offsets.map((atMs, i) => {
    const target = drawn[i]
    assert(target !== undefined, 'every arrival has a target')
    return { atMs, target }
  })
  return ok({ targets, arrivals, timeoutMs: flight.timeoutMs, inFlightMax: flight.inFlightMax })
}

/** Only what has numbers to fill in pays for them. */
function numbered(target: LoadTarget): LoadTarget {
  const texts = [target.url, target.body, ...Object.values(target.headers)]
  return texts.some(isNumbered) ? { ...target, numbered: true } : target
}

function placedTarget(target: FlightTarget, endpoints: Endpoints): Result<LoadTarget, string> {
  const { name, headers, body } = target
  switch (target.kind) {
    case 'url':
      return ok({ name, method: target.method, url: target.url, headers, body })
    case 'route': {
      const base = endpoints.api(target.api)
      if (base === undefined) {
        return failed(
          target.api === undefined
            ? `there is no one API for "${name}": name it with api, or give a url`
            : `there is no API "${target.api}" for "${name}"`,
        )
      }
      return ok({ name, method: target.method, url: `${base}${target.path}`, headers, body })
    }
    case 'function': {
      const invoke = endpoints.functionInvoke(target.functionName)
      if (invoke === undefined) return failed(`there is no function "${target.functionName}"`)
      const event = target.event === true ? { 'x-amz-invocation-type': 'Event' } : {}
      const sent = { ...headers, ...invoke.headers, ...event }
      return ok({ name, method: 'POST', url: invoke.url, headers: sent, body })
    }
    case 'queue':
    case 'topic':
    case 'bus':
    case 'bucket':
      return placedEvent(target, endpoints)
    default:
      return target satisfies never
  }
}

function placedEvent(target: EventTarget, endpoints: Endpoints): Result<LoadTarget, string> {
  const named = namedBy(target)
  const place = endpoints.event(target.kind, named)
  if (place === undefined) return failed(`there is no ${target.kind} "${named}"`)
  return ok({ name: target.name, ...eventRequest(target, place) })
}

function phasesOf(flight: Flight, endpoints: Endpoints): Result<LoadPhase[], string> {
  const phases: LoadPhase[] = []
  for (const phase of flight.phases) {
    if (phase.kind !== 'recorded-file') {
      phases.push(phase)
      continue
    }
    const offsetsMs = endpoints.recording(phase.file)
    if (offsetsMs === undefined)
      return failed(`the recorded schedule "${phase.file}" is missing or no list of ms`)
    phases.push({ kind: 'recorded', offsetsMs })
  }
  return ok(phases)
}

/** `open loop, Poisson 40 -> 120 requests/s for 10 s`: how reports describe a load. */
export function describeLoad(phases: readonly FlightPhase[]): string {
  return `open loop, ${phases.map(describePhase).join(', then ')}`
}

function describePhase(phase: FlightPhase): string {
  const rate = (perS: number): string => String(Number(perS.toPrecision(3)))
  switch (phase.kind) {
    case 'constant':
      return `constant ${rate(phase.ratePerS)} requests/s for ${formatSpan(phase.durationMs)}`
    case 'poisson':
      return `Poisson ${rate(phase.ratePerS)} requests/s for ${formatSpan(phase.durationMs)}`
    case 'ramp':
      return `Poisson ${rate(phase.fromPerS)} -> ${rate(phase.toPerS)} requests/s for ${formatSpan(phase.durationMs)}`
    case 'burst': {
      const again = phase.bursts === 1 ? 'once' : `${phase.bursts} times, every ${formatSpan(phase.everyMs)}`
      return `${formatCount(phase.requests)} requests at once, ${again}`
    }
    case 'recorded':
      return `a recorded schedule of ${formatCount(phase.offsetsMs.length)} requests in ${formatSpan(phaseMs(phase))}`
    case 'recorded-file':
      return `the recorded schedule ${phase.file}`
    default:
      return phase satisfies never
  }
}
