/**
 * From the parsed YAML of a `flight.yaml` to a flight, or to everything that is wrong with it, line by line. Parsing
 * YAML and finding lines is the caller's; which keys there are is `flight-schema.ts`, targets are `read-target.ts`.
 */
import { isRecord } from '#base/json.ts'
import { failed, ok, type Result } from '#base/result.ts'
import { expectedRequests } from '#engines/arrivals/arrivals.ts'
import { readBudget } from '#lab/budgets.ts'
import { Fields, type FlightProblem, type LineOf, type Path } from '#lab/fields.ts'
import {
  DEFAULT_DRAIN_MS,
  DEFAULT_IN_FLIGHT_MAX,
  DEFAULT_TIMEOUT_MS,
  type Flight,
  type FlightPhase,
  REQUESTS_MAX,
} from '#lab/flight.ts'
import { FLIGHT, PHASES } from '#lab/flight-schema.ts'
import { readTarget } from '#lab/read-target.ts'

export function parseFlight(value: unknown, lineOf: LineOf): Result<Flight, readonly FlightProblem[]> {
  const fields = new Fields(lineOf)
  const root = fields.record(value, [], Object.keys(FLIGHT))
  const phases = required(fields, root, 'load').map((phase, i) => readPhase(fields, phase, ['load', i]))
  const targets = required(fields, root, 'targets').map((target, i) =>
    readTarget(fields, target, ['targets', i]),
  )
  const names = targets.map((target) => target.name)
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i)
      fields.problem(['targets', i], `two targets are called "${name}": give one a name of its own`)
  }
  const planned = phases.flatMap((phase) => phase ?? []).reduce((sum, phase) => sum + requestsOf(phase), 0)
  if (planned > REQUESTS_MAX) {
    fields.problem(
      ['load'],
      `the load would send ${Math.round(planned)} requests; at most ${REQUESTS_MAX} fit into one flight`,
    )
  }
  const budgets = (root['budgets'] === undefined ? [] : fields.list(root['budgets'], ['budgets'])).flatMap(
    (line, i) => {
      const read =
        typeof line === 'string'
          ? readBudget(line, names)
          : failed('a budget is a text such as "p99 < 300 ms"')
      if (!read.ok) fields.problem(['budgets', i], read.error)
      return read.ok ? [read.value] : []
    },
  )
  const flight: Flight = {
    name: fields.text(root['name'], ['name'], 'flight'),
    template: fields.optionalText(root['template'], ['template']),
    design: fields.text(root['design'], ['design'], 'as is'),
    parameters: fields.texts(root['parameters'], ['parameters']),
    seed: fields.number(root['seed'], ['seed'], { fallback: 1, least: 0, whole: true }),
    timeoutMs: fields.durationMs(root['timeout'], ['timeout'], DEFAULT_TIMEOUT_MS),
    warmUpMs: fields.durationMs(root['warm_up'], ['warm_up'], 0),
    inFlightMax: fields.number(root['in_flight_max'], ['in_flight_max'], {
      fallback: DEFAULT_IN_FLIGHT_MAX,
      least: 1,
      whole: true,
    }),
    drainMs: fields.durationMs(root['drain'], ['drain'], DEFAULT_DRAIN_MS),
    phases: phases.flatMap((phase) => phase ?? []),
    targets,
    budgets,
  }
  return fields.problems.length === 0 ? ok(flight) : failed(fields.problems)
}

function requestsOf(phase: FlightPhase): number {
  return phase.kind === 'recorded-file' ? 0 : expectedRequests(phase)
}

function required(
  fields: Fields,
  root: Readonly<Record<string, unknown>>,
  name: 'load' | 'targets',
): readonly unknown[] {
  const list = root[name] === undefined ? [] : fields.list(root[name], [name])
  if (list.length === 0 && (root[name] === undefined || Array.isArray(root[name]))) {
    fields.problem(
      [name],
      name === 'load'
        ? 'a flight needs a load, such as "- poisson: { rate: 50, duration: 10s }"'
        : 'a flight needs targets, such as "- route: GET /"',
    )
  }
  return list
}

function readPhase(fields: Fields, value: unknown, path: Path): FlightPhase | undefined {
  const phase = fields.record(value, path, Object.keys(PHASES))
  const kinds = Object.keys(phase).filter((key) => Object.hasOwn(PHASES, key))
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    if (isRecord(value) && Object.keys(value).length === kinds.length) {
      fields.problem(path, `a phase is one of ${Object.keys(PHASES).join(', ')}`)
    }
    return undefined
  }
  const at = [...path, kind]
  const member = (name: string): Path => [...at, name]
  const inside = (keys: object): Readonly<Record<string, unknown>> =>
    fields.record(phase[kind], at, Object.keys(keys))
  const rate = (read: Readonly<Record<string, unknown>>, name: string): number =>
    fields.number(read[name], member(name), { least: 0 })
  switch (kind) {
    case 'constant':
    case 'poisson': {
      const read = inside(PHASES[kind].properties)
      return {
        kind,
        ratePerS: rate(read, 'rate'),
        durationMs: fields.durationMs(read['duration'], member('duration')),
      }
    }
    case 'ramp': {
      const read = inside(PHASES.ramp.properties)
      const durationMs = fields.durationMs(read['duration'], member('duration'))
      return { kind, fromPerS: rate(read, 'from'), toPerS: rate(read, 'to'), durationMs }
    }
    case 'burst': {
      const read = inside(PHASES.burst.properties)
      return {
        kind,
        requests: fields.number(read['requests'], member('requests'), { least: 1, whole: true }),
        bursts: fields.number(read['bursts'], member('bursts'), { fallback: 1, least: 1, whole: true }),
        everyMs: fields.durationMs(read['every'], member('every'), 1_000),
      }
    }
    default:
      return readRecorded(fields, inside(PHASES.recorded.properties), at)
  }
}

function readRecorded(fields: Fields, read: Readonly<Record<string, unknown>>, at: Path): FlightPhase {
  const { file, offsets_ms: offsets } = read
  if ((file === undefined) === (offsets === undefined)) {
    fields.problem(at, 'a recorded phase has either offsets_ms or file')
  }
  if (offsets === undefined) return { kind: 'recorded-file', file: fields.text(file, [...at, 'file'], '') }
  const path = [...at, 'offsets_ms']
  return {
    kind: 'recorded',
    offsetsMs: fields.list(offsets, path).map((ms, i) => fields.number(ms, [...path, i], { least: 0 })),
  }
}
