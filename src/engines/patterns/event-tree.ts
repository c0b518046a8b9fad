/**
 * The paths that rules know, as a tree, and the walk of an event along it. What no rule names is not looked at, nothing of
 * the event is copied, and a walk allocates nothing: leaves keep their values of the current event in arrays that are
 * used again, and places in arrays are chains of numbers in one pool.
 */
import { isRecord } from '#base/json.ts'
import { present } from '#base/assert.ts'
import type { Hits } from '#engines/patterns/hits.ts'
import { ValueIndex } from '#engines/patterns/value-index.ts'

/** A path that rules make demands on, and what the current event has there. */
export interface Leaf {
  readonly path: string
  /** Clauses that refer to it; at 0 it goes. */
  references: number
  readonly index: ValueIndex
  /** Clauses filed in the index. */
  filed: number
  /** Clauses that look at the values after the walk. */
  keepers: number
  /** The turn in which an event last had a value here, and one inside an array of objects or arrays. */
  metIn: number
  inArrayIn: number
  count: number
  readonly values: unknown[]
  readonly places: number[]
  /** What `beside` looks up, and the turn it is of. */
  groupedIn: number
  groups: Map<number, Map<number, number[]>>
}

interface Node {
  leaf: Leaf | undefined
  /** Below it, itself included. */
  leaves: number
  /** By name; names with dots lead as far as their parts do. */
  readonly byName: Map<string, Node>
  /** The same in arrays, when few: then the event is asked for the names instead of the names for the event's. */
  names: readonly string[]
  nodes: readonly Node[]
}

/** Up to so many names an object is asked for each; beyond, its own names are gone through. */
const ASKED_MOST = 8

/** Parts of one name of an event that may stand for as many names of a pattern. Bounds the memory of deep patterns. */
const PARTS_MOST = 32
/** Arrays inside arrays; what is deeper is not looked at. AWS's JSON parser refuses such events. */
const NESTING_MOST = 1_000
/** So few occurrences are gone through faster than they are grouped. */
const UNGROUPED_MOST = 16
/** Groups occurrences that stand at a place itself and in no array below it. */
const HERE = -1

const newNode = (): Node => ({ leaf: undefined, leaves: 0, byName: new Map(), names: [], nodes: [] })

function nodesOnWay(root: Node, path: string): Node[] {
  const way = [root]
  for (const name of path.split('.')) {
    const node = way.at(-1)?.byName.get(name)
    if (node === undefined) break
    way.push(node)
  }
  return way
}

export class EventTree {
  readonly #root = newNode()
  readonly #leaves = new Map<string, Leaf>()
  /** Counts the events walked; what bears another number is of an earlier event. */
  turn = 0
  #hits: Hits | undefined
  /** Places: in which array, at which index, inside which place. Place 0 is in no array. */
  #arrays = new Int32Array(64)
  #indexes = new Int32Array(64)
  #parents = new Int32Array(64)
  #places = 1
  #arrayCount = 0
  #nesting = 0

  /** The leaf of a path, with one reference more. */
  open(path: string): Leaf {
    const known = this.#leaves.get(path)
    if (known !== undefined) {
      known.references++
      return known
    }
    const leaf = newLeaf(path)
    this.#leaves.set(path, leaf)
    const names = path.split('.')
    const way = [this.#root]
    for (const name of names) {
      const parent = present(way.at(-1), 'a way has its root')
      way.push(parent.byName.get(name) ?? newNode())
    }
    const end = present(way.at(-1), 'a way has its root')
    end.leaf = leaf
    way.forEach((node, from) => {
      node.leaves++
      let name = ''
      for (let to = from + 1; to < Math.min(way.length, from + 1 + PARTS_MOST); to++) {
        name += (to === from + 1 ? '' : '.') + (names[to - 1] ?? '')
        const below = way[to]
        if (below !== undefined) node.byName.set(name, below)
      }
      refreshNames(node)
    })
    return leaf
  }

  close(leaf: Leaf): void {
    leaf.references--
    if (leaf.references > 0) return
    this.#leaves.delete(leaf.path)
    const way = nodesOnWay(this.#root, leaf.path)
    const end = way.at(-1)
    if (end !== undefined) end.leaf = undefined
    for (const node of way) node.leaves--
    for (const node of way) {
      for (const [name, below] of node.byName) if (below.leaves === 0) node.byName.delete(name)
      refreshNames(node)
    }
  }

  /** False when the event is no JSON object. */
  walk(event: unknown, hits: Hits): boolean {
    if (!isRecord(event)) return false
    this.turn++
    this.#places = 1
    this.#arrayCount = 0
    this.#hits = hits
    this.#object(this.#root, event, 0)
    return true
  }

  /** Whether two places can be in one choice of elements: no array they share has them at different indexes. */
  agree(one: number, other: number): boolean {
    if (one === other) return true
    for (let a = one; a !== 0; a = this.#parents[a] ?? 0) {
      for (let b = other; b !== 0; b = this.#parents[b] ?? 0) {
        if (this.#arrays[a] === this.#arrays[b] && this.#indexes[a] !== this.#indexes[b]) return false
      }
    }
    return true
  }

  /**
   * The leaf's occurrences that agree with a place, so that large arrays are not searched once for each of their elements.
   * Undefined when there are too few to be worth it: then all are to be tried.
   */
  beside(leaf: Leaf, place: number): readonly number[] | undefined {
    if (place === 0 || leaf.count <= UNGROUPED_MOST) return undefined
    if (leaf.groupedIn !== this.turn) this.#group(leaf)
    const found: number[] = []
    let cameFrom = HERE - 1
    for (let at = place; ; at = this.#parents[at] ?? 0) {
      for (const [array, occurrences] of leaf.groups.get(at) ?? []) {
        if (array !== cameFrom) for (const occurrence of occurrences) found.push(occurrence)
      }
      if (at === 0) return found
      cameFrom = this.#arrays[at] ?? 0
    }
  }

  /** By each place that an occurrence is in, and by the array through which it is below that place. */
  #group(leaf: Leaf): void {
    leaf.groupedIn = this.turn
    leaf.groups = new Map()
    for (let occurrence = 0; occurrence < leaf.count; occurrence++) {
      let through = HERE
      for (let at = leaf.places[occurrence] ?? 0; ; at = this.#parents[at] ?? 0) {
        const groups = leaf.groups.get(at) ?? new Map<number, number[]>()
        leaf.groups.set(at, groups)
        const group = groups.get(through)
        if (group === undefined) groups.set(through, [occurrence])
        else group.push(occurrence)
        if (at === 0) break
        through = this.#arrays[at] ?? 0
      }
    }
  }

  #object(node: Node, object: Readonly<Record<string, unknown>>, place: number): void {
    const { names } = node
    if (names.length > 0) {
      for (let at = 0; at < names.length; at++) {
        const name = names[at] ?? ''
        const value = object[name]
        if (value === undefined) continue
        const below = node.nodes[at]
        if (below === undefined || (name in Object.prototype && !Object.hasOwn(object, name))) continue
        this.#value(below, value, place)
      }
      return
    }
    for (const name in object) {
      const below = node.byName.get(name)
      if (below !== undefined) this.#value(below, object[name], place)
    }
  }

  #value(node: Node, value: unknown, place: number): void {
    if (typeof value !== 'object' || value === null) {
      if (node.leaf !== undefined) this.#meet(node.leaf, value, place)
    } else if (Array.isArray(value)) this.#array(node, value, place)
    else if (isRecord(value)) this.#object(node, value, place)
  }

  /** Elements of an array that are values themselves stand where the array stands. */
  #array(node: Node, elements: readonly unknown[], place: number): void {
    if (this.#nesting === NESTING_MOST) return
    this.#nesting++
    const array = this.#arrayCount++
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]
      if (typeof element !== 'object' || element === null) {
        if (node.leaf !== undefined) this.#meet(node.leaf, element, place)
        continue
      }
      // With one leaf below there is nothing that could disagree.
      const inside = node.leaves > 1 ? this.#placeOf(array, index, place) : place
      if (Array.isArray(element)) this.#array(node, element, inside)
      else if (isRecord(element)) this.#object(node, element, inside)
    }
    this.#nesting--
  }

  #placeOf(array: number, index: number, parent: number): number {
    const place = this.#places++
    if (place >= this.#arrays.length) this.#widen()
    this.#arrays[place] = array
    this.#indexes[place] = index
    this.#parents[place] = parent
    return place
  }

  #meet(leaf: Leaf, value: unknown, place: number): void {
    if (leaf.keepers > 0) {
      if (leaf.metIn !== this.turn) {
        leaf.metIn = this.turn
        leaf.count = 0
      }
      if (place !== 0) leaf.inArrayIn = this.turn
      leaf.values[leaf.count] = value
      leaf.places[leaf.count++] = place
    }
    if (leaf.filed > 0 && this.#hits !== undefined) leaf.index.find(value, this.#hits)
  }

  #widen(): void {
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const array = new Int32Array(old.length * 2)
      array.set(old)
      return array
    }
    this.#arrays = wider(this.#arrays)
    this.#indexes = wider(this.#indexes)
    this.#parents = wider(this.#parents)
  }
}

function newLeaf(path: string): Leaf {
  const places: number[] = []
  return {
    path,
    references: 1,
    index: new ValueIndex(),
    filed: 0,
    keepers: 0,
    metIn: 0,
    inArrayIn: 0,
    count: 0,
    values: [],
    places,
    groupedIn: 0,
    groups: new Map(),
  }
}

function refreshNames(node: Node): void {
  const few = node.byName.size <= ASKED_MOST
  node.names = few ? [...node.byName.keys()] : []
  node.nodes = few ? [...node.byName.values()] : []
}
