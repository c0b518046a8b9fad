/**
 * The part of JSON path that EventBridge reads: members by name, indices and wildcards.
 * Source: EventBridge user guide, Input transformation. Pure.
 */
import { isRecord } from '#base/json.ts'

type Step = { readonly kind: 'member'; readonly name: string } | { readonly kind: 'all' }

export type Found = { readonly found: true; readonly value: unknown } | { readonly found: false }

const STEP = /\.([^.[\]*'"]+|\*)|\[(\d+|\*)\]/y
const MISSING: Found = { found: false }

/** The steps, or undefined when it is no path that is read. */
function stepsOf(path: string): readonly Step[] | undefined {
  if (!path.startsWith('$')) return undefined
  const steps: Step[] = []
  STEP.lastIndex = 1
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path)
    if (match === null) return undefined
    const name = match[1] ?? match[2] ?? ''
    steps.push(name === '*' ? { kind: 'all' } : { kind: 'member', name })
  }
  return steps
}

function member(value: unknown, name: string): Found {
  if (Array.isArray(value)) {
    const at = Number(name)
    return Number.isInteger(at) && at < value.length ? { found: true, value: value[at] } : MISSING
  }
  return isRecord(value) && Object.hasOwn(value, name) ? { found: true, value: value[name] } : MISSING
}

function at(value: unknown, steps: readonly Step[]): Found {
  const [step, ...rest] = steps
  if (step === undefined) return { found: true, value }
  if (step.kind === 'member') {
    const next = member(value, step.name)
    return next.found ? at(next.value, rest) : MISSING
  }
  const children: readonly unknown[] = Array.isArray(value)
    ? value
    : isRecord(value)
      ? Object.values(value)
      : []
  const values = children.flatMap((child) => {
    const found = at(child, rest)
    return found.found ? [found.value] : []
  })
  return { found: true, value: values }
}

/** Whether PutTargets takes it: names in quotes within brackets are none. Source: recorded AWS answers. */
export const isInputPath = (path: string): boolean => stepsOf(path) !== undefined

/** What the path leads to in a JSON value; a wildcard gives a list. */
export function valueAtPath(value: unknown, path: string): Found {
  const steps = stepsOf(path)
  return steps === undefined ? MISSING : at(value, steps)
}
