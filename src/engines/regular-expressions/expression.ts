/**
 * Regular expressions that take no longer than the text times the expression, whatever either is: all ways through the
 * expression are walked at the same time, a character at a time. For expressions that users give and the platform runs.
 * Source: K. Thompson, Regular expression search algorithm, 1968.
 */
import { type Node, parseExpression, type Place } from '#engines/regular-expressions/parse.ts'

type Step =
  | { readonly kind: 'set'; readonly test: (character: string) => boolean }
  | { readonly kind: 'split'; to: number[] }
  | { readonly kind: 'at'; readonly what: Place }
  | { readonly kind: 'look'; readonly program: Program; readonly negated: boolean }
  | { readonly kind: 'end' }

type Program = readonly Step[]

/** Steps of an expression with all repetitions written out. Beyond: no expression. Ours. */
const STEPS_MAX = 5_000

class TooLarge extends Error {}

export interface Expression {
  /** The whole text matches. */
  matches(text: string): boolean
}

/** Undefined for what is no expression, is none of the part that is known here, or is too large. */
export function expressionOf(source: string): Expression | undefined {
  const node = parseExpression(source)
  if (node === undefined) return undefined
  try {
    const program = compiled(node)
    return { matches: (text) => new Walk(Array.from(text)).run(program, 0, true) }
  } catch (error) {
    if (error instanceof TooLarge) return undefined
    throw error
  }
}

function compiled(node: Node): Program {
  const steps: Step[] = []
  emit(node, steps)
  steps.push({ kind: 'end' })
  return steps
}

function push(steps: Step[], step: Step): void {
  if (steps.length >= STEPS_MAX) throw new TooLarge()
  steps.push(step)
}

function emit(node: Node, steps: Step[]): void {
  switch (node.kind) {
    case 'set':
    case 'at':
      push(steps, node)
      return
    case 'sequence':
      for (const one of node.nodes) emit(one, steps)
      return
    case 'look':
      push(steps, { kind: 'look', program: compiled(node.node), negated: node.negated })
      return
    case 'choice':
      emitChoice(node.nodes, steps)
      return
    case 'repeat':
      emitRepeat(node, steps)
      return
    default:
      node satisfies never
  }
}

function emitChoice(nodes: readonly Node[], steps: Step[]): void {
  const fork: Step = { kind: 'split', to: [] }
  push(steps, fork)
  const ends: { to: number[] }[] = []
  for (const one of nodes) {
    fork.to.push(steps.length)
    emit(one, steps)
    const jump = { kind: 'split' as const, to: [] }
    push(steps, jump)
    ends.push(jump)
  }
  for (const jump of ends) jump.to = [steps.length]
}

function emitRepeat({ node, min, max }: Node & { kind: 'repeat' }, steps: Step[]): void {
  for (let n = 0; n < min; n++) emit(node, steps)
  if (max === Infinity) {
    const fork = { kind: 'split' as const, to: [steps.length + 1] }
    const from = steps.length
    push(steps, fork)
    emit(node, steps)
    push(steps, { kind: 'split', to: [from] })
    fork.to.push(steps.length)
    return
  }
  const forks: { to: number[] }[] = []
  for (let n = min; n < max; n++) {
    const fork = { kind: 'split' as const, to: [steps.length + 1] }
    push(steps, fork)
    forks.push(fork)
    emit(node, steps)
  }
  for (const fork of forks) fork.to.push(steps.length)
}

const isWord = (character: string | undefined): boolean => character !== undefined && /^\w$/.test(character)

/** One text and what has been found out about lookaheads in it. */
class Walk {
  readonly #text: readonly string[]
  readonly #looks = new Map<Program, Map<number, boolean>>()
  /** By program, the turn in which each step was last reached. */
  readonly #marks = new Map<Program, Uint32Array>()
  #turn = 0

  constructor(text: readonly string[]) {
    this.#text = text
  }

  /** From a place; to the end of the text, or anywhere. */
  run(program: Program, from: number, whole: boolean): boolean {
    let current = this.#reach(program, [0], from)
    for (let at = from; ; at++) {
      const ended = current.some((step) => program[step]?.kind === 'end')
      if (ended && (!whole || at === this.#text.length)) return true
      const character = this.#text[at]
      if (character === undefined || current.length === 0) return false
      const next = current.flatMap((index) => {
        const step = program[index]
        return step?.kind === 'set' && step.test(character) ? [index + 1] : []
      })
      current = this.#reach(program, next, at + 1)
    }
  }

  /** Everything that is reached without another character: each step once. */
  #reach(program: Program, starts: readonly number[], at: number): number[] {
    const marks = this.#marks.get(program) ?? new Uint32Array(program.length)
    this.#marks.set(program, marks)
    const turn = ++this.#turn
    const open = [...starts]
    const found: number[] = []
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (marks[index] === turn) continue
      marks[index] = turn
      const step = program[index]
      if (step === undefined) continue
      if (step.kind === 'split') open.push(...step.to)
      else if (step.kind === 'at') {
        if (this.#isAt(step.what, at)) open.push(index + 1)
      } else if (step.kind === 'look') {
        if (this.#looksAhead(step.program, at) !== step.negated) open.push(index + 1)
      } else found.push(index)
    }
    return found
  }

  #isAt(what: Place, at: number): boolean {
    if (what === 'start') return at === 0
    if (what === 'end') return at === this.#text.length
    const boundary = isWord(this.#text[at - 1]) !== isWord(this.#text[at])
    return boundary === (what === 'boundary')
  }

  #looksAhead(program: Program, at: number): boolean {
    const known = this.#looks.get(program) ?? new Map<number, boolean>()
    this.#looks.set(program, known)
    const found = known.get(at) ?? this.run(program, at, false)
    known.set(at, found)
    return found
  }
}
