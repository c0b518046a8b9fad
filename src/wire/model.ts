/** One service's table with what every reader and writer asks of it. No protocol, no bytes. */
import { present } from '#base/assert.ts'
import type { Member, OperationTable, ServiceTable, Shape, TimeFormat } from '#wire/table.ts'

type Members = readonly (readonly [name: string, member: Member])[]
const NONE: Members = []

export class Model {
  readonly #members = new Map<string, Members>()
  readonly #eventStreams = new Map<string, Members>()
  readonly table: ServiceTable

  constructor(table: ServiceTable) {
    this.table = table
  }

  shape(name: string): Shape {
    const shape = this.table.shapes[name]
    // Asked for every member of every answer: the reason is put into words only when it is needed.
    if (shape !== undefined) return shape
    return present(this.table.shapes[name], `${this.table.service} has a shape ${name}`)
  }

  operation(name: string): OperationTable | undefined {
    return Object.hasOwn(this.table.operations, name) ? this.table.operations[name] : undefined
  }

  /** Members of a structure, in the model's order. */
  members(name: string | undefined): Members {
    if (name === undefined) return NONE
    const hit = this.#members.get(name)
    if (hit !== undefined) return hit
    const made = Object.entries(this.shape(name).m ?? {})
    this.#members.set(name, made)
    return made
  }

  /** Members of a structure that are streams of events: few structures have one. */
  eventStreams(name: string): Members {
    const hit = this.#eventStreams.get(name)
    if (hit !== undefined) return hit
    const made = this.members(name).filter(([, member]) => this.shape(member.s).events === 1)
    this.#eventStreams.set(name, made)
    return made
  }

  time(member: Member, otherwise: TimeFormat): TimeFormat {
    return member.ts ?? this.shape(member.s).ts ?? otherwise
  }

  /** True for shapes whose members are all held elsewhere than in the body. */
  hasBody(name: string | undefined): boolean {
    return this.members(name).some(([, member]) => member.at === undefined)
  }
}
