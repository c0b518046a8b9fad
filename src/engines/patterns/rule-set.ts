/**
 * Many patterns against one event. The event is walked once, along the names that some pattern knows; each branch of a
 * pattern is filed under the one of its paths that is likely to hold least often, and what that wakes is checked in full.
 * Elements of arrays must agree: what a branch demands below one array must hold in one element of it.
 */
import { type Condition, holds } from '#engines/patterns/condition.ts'
import { EventTree, type Leaf } from '#engines/patterns/event-tree.ts'
import type { Hits } from '#engines/patterns/hits.ts'
import type { Branch } from '#engines/patterns/parse.ts'

export interface RuleSource {
  readonly branches: readonly Branch[]
}

interface Demand {
  readonly leaf: Leaf
  readonly conditions: readonly Condition[]
  /** `exists: false` is among the conditions. */
  readonly mayBeAbsent: boolean
}

interface Clause {
  /** In the order of their paths: absence is judged among the elements chosen so far, as AWS does. */
  readonly demands: readonly Demand[]
  /** The demand it is filed under; undefined when all may be absent. */
  readonly filed: Demand | undefined
}

interface Rule {
  readonly number: number
  readonly clauses: readonly number[]
}

const isAbsence = ({ kind }: Condition): boolean => kind === 'absent'

/** Lists by number, side by side and not as objects: an event may match thousands of rules. */
export class RuleSet<Id> implements Hits {
  readonly #tree = new EventTree()
  readonly #rules = new Map<Id, Rule>()
  /** By rule: its id, and the event that it matched last. */
  readonly #ids: Id[] = []
  readonly #matchedIn: number[] = []
  readonly #freeRules: number[] = []
  readonly #clauses: (Clause | undefined)[] = []
  /** By clause: its rule, whether its one demand is all of it, and the event that woke it last. */
  readonly #ruleOf: number[] = []
  readonly #isAlone: boolean[] = []
  readonly #wokenIn: number[] = []
  readonly #freeClauses: number[] = []
  /** Clauses that can match events that have none of their paths. */
  readonly #unfiled = new Set<number>()
  readonly #woken: number[] = []
  #wokenCount = 0
  #matched: Id[] = []
  /** The element chosen for each demand so far. */
  readonly #chosen: number[] = []

  get size(): number {
    return this.#rules.size
  }

  has(id: Id): boolean {
    return this.#rules.has(id)
  }

  /** Adds a rule, in place of the one of the same id. */
  add(id: Id, pattern: RuleSource): void {
    this.remove(id)
    const number = this.#freeRules.pop() ?? this.#ids.length
    this.#ids[number] = id
    this.#matchedIn[number] = 0
    this.#rules.set(id, {
      number,
      clauses: pattern.branches.map((branch) => this.#addClause(number, branch)),
    })
  }

  /** False when there is no such rule. */
  remove(id: Id): boolean {
    const rule = this.#rules.get(id)
    if (rule === undefined) return false
    this.#rules.delete(id)
    for (const number of rule.clauses) this.#removeClause(number)
    this.#freeRules.push(rule.number)
    return true
  }

  /** The ids of the rules that match, in no order, each once. What is no JSON object matches nothing. */
  match(event: unknown): Id[] {
    const matched: Id[] = []
    this.#matched = matched
    this.#wokenCount = 0
    if (!this.#tree.walk(event, this)) return matched
    for (let at = 0; at < this.#wokenCount; at++) this.#judge(this.#woken[at] ?? -1)
    if (this.#unfiled.size > 0) for (const number of this.#unfiled) this.#judge(number)
    return matched
  }

  /** From the indexes: clauses whose filed demand holds. */
  take(clauses: readonly number[]): void {
    const { turn } = this.#tree
    for (let at = 0; at < clauses.length; at++) {
      const number = clauses[at] ?? 0
      if (this.#isAlone[number] === true) this.#matches(this.#ruleOf[number] ?? 0, turn)
      else if (this.#wokenIn[number] !== turn) {
        this.#wokenIn[number] = turn
        this.#woken[this.#wokenCount++] = number
      }
    }
  }

  #matches(rule: number, turn: number): void {
    if (this.#matchedIn[rule] === turn) return
    this.#matchedIn[rule] = turn
    const id = this.#ids[rule]
    if (id !== undefined) this.#matched.push(id)
  }

  #judge(number: number): void {
    const clause = this.#clauses[number]
    const rule = this.#ruleOf[number] ?? 0
    if (clause === undefined || this.#matchedIn[rule] === this.#tree.turn) return
    if (this.#satisfied(clause)) this.#matches(rule, this.#tree.turn)
  }

  #addClause(rule: number, branch: Branch): number {
    const number = this.#freeClauses.pop() ?? this.#clauses.length
    const fields = [...branch.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    const demands = fields.map(({ path, conditions }): Demand => {
      const leaf = this.#tree.open(path)
      return { leaf, conditions, mayBeAbsent: conditions.some(isAbsence) }
    })
    const filed = leastBurdened(demands)
    const isAlone = filed !== undefined && demands.length === 1
    if (filed === undefined) this.#unfiled.add(number)
    else {
      for (const condition of filed.conditions) filed.leaf.index.add(condition, number)
      filed.leaf.filed++
    }
    if (!isAlone) for (const { leaf } of demands) leaf.keepers++
    this.#clauses[number] = { demands, filed }
    this.#ruleOf[number] = rule
    this.#isAlone[number] = isAlone
    this.#wokenIn[number] = 0
    return number
  }

  #removeClause(number: number): void {
    const clause = this.#clauses[number]
    if (clause === undefined) return
    const { demands, filed } = clause
    if (filed === undefined) this.#unfiled.delete(number)
    else {
      for (const condition of filed.conditions) filed.leaf.index.remove(condition, number)
      filed.leaf.filed--
    }
    for (const { leaf } of demands) {
      if (this.#isAlone[number] !== true) leaf.keepers--
      this.#tree.close(leaf)
    }
    this.#clauses[number] = undefined
    this.#freeClauses.push(number)
  }

  #satisfied({ demands, filed }: Clause): boolean {
    const { turn } = this.#tree
    let inArrays = 0
    let isOpen = false
    for (const demand of demands) {
      const { leaf, mayBeAbsent } = demand
      if (leaf.metIn !== turn) {
        if (!mayBeAbsent) return false
        continue
      }
      const isInArray = leaf.inArrayIn === turn
      if (isInArray) inArrays++
      if (demand === filed || holdsForAny(demand)) continue
      if (!mayBeAbsent || !isInArray) return false
      isOpen = true // there, but perhaps not in the element that the others choose
    }
    if (inArrays <= 1) return !isOpen
    this.#chosen.length = 0
    return this.#agrees(demands, 0)
  }

  /** Whether the demands from `at` on can be met by elements that agree with those chosen before. */
  #agrees(demands: readonly Demand[], at: number): boolean {
    const demand = demands[at]
    if (demand === undefined) return true
    const { leaf, conditions, mayBeAbsent } = demand
    const all = leaf.metIn === this.#tree.turn ? leaf.count : 0
    const near = this.#chosen.findLast((place) => place !== 0) ?? 0
    const listed = all === 0 ? undefined : this.#tree.beside(leaf, near)
    const count = listed?.length ?? all
    let isThere = false
    let tried = -1
    for (let turn = 0; turn < count; turn++) {
      const occurrence = listed?.[turn] ?? turn
      const place = leaf.places[occurrence] ?? 0
      if (!this.#isConsistent(place)) continue
      isThere = true
      if (place === tried || !holdsOne(conditions, leaf.values[occurrence])) continue
      this.#chosen.push(place)
      if (this.#agrees(demands, at + 1)) return true
      this.#chosen.pop()
      tried = place // other values in the same place lead nowhere else
    }
    return mayBeAbsent && !isThere && this.#agrees(demands, at + 1)
  }

  #isConsistent(place: number): boolean {
    for (let at = 0; at < this.#chosen.length; at++) {
      if (!this.#tree.agree(this.#chosen[at] ?? 0, place)) return false
    }
    return true
  }
}

function leastBurdened(demands: readonly Demand[]): Demand | undefined {
  let best: Demand | undefined
  let least = Infinity
  for (const demand of demands) {
    if (demand.mayBeAbsent) continue
    const { index } = demand.leaf
    const burden = demand.conditions.reduce((sum, condition) => sum + index.burdenOf(condition), 0)
    if (best !== undefined && burden >= least) continue
    best = demand
    least = burden
  }
  return best
}

function holdsOne(conditions: readonly Condition[], value: unknown): boolean {
  for (let at = 0; at < conditions.length; at++) {
    const condition = conditions[at]
    if (condition !== undefined && holds(condition, value)) return true
  }
  return false
}

function holdsForAny({ leaf, conditions }: Demand): boolean {
  for (let occurrence = 0; occurrence < leaf.count; occurrence++) {
    if (holdsOne(conditions, leaf.values[occurrence])) return true
  }
  return false
}
