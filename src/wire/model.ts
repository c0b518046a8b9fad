/** One service's table with what every reader and writer asks of it. No protocol, no bytes. */
import { present } from '#base/assert.ts'
import type { Member, OperationTable, ServiceTable, Shape, TimeFormat } from '#wire/table.ts'

export class Model {
  readonly table: ServiceTable

  constructor(table: ServiceTable) {
    this.table = table
  }

  shape(name: string): Shape {
    return present(this.table.shapes[name], `${this.table.service} has a shape ${name}`)
  }

  operation(name: string): OperationTable | undefined {
    return Object.hasOwn(this.table.operations, name) ? this.table.operations[name] : undefined
  }

  /** Members of a structure, in the model's order. */
  members(name: string | undefined): readonly (readonly [name: string, member: Member])[] {
    return name === undefined ? [] : Object.entries(this.shape(name).m ?? {})
  }

  time(member: Member, otherwise: TimeFormat): TimeFormat {
    return member.ts ?? this.shape(member.s).ts ?? otherwise
  }

  /** True for shapes whose members are all held elsewhere than in the body. */
  hasBody(name: string | undefined): boolean {
    return this.members(name).some(([, member]) => member.at === undefined)
  }
}
