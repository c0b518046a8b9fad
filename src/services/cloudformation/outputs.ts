/** Outputs and exports of a stack: evaluated at the end of a deployment, exports checked against other stacks. */
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import type { ResolvedTemplate } from '#engines/templates/template.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { scalarText } from '#engines/templates/value.ts'
import { exportsOf, importersOf } from '#services/cloudformation/journal.ts'
import {
  type ExportRecord,
  exported,
  type StackRecord,
  type StoredOutput,
} from '#services/cloudformation/records.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import type { Tx } from '#ports/store.ts'

/** Throws `TemplateError` for what does not evaluate to text. */
export function outputsOf(resolved: ResolvedTemplate, scope: Scope): StoredOutput[] {
  return resolved.outputs.map(({ name, value, description, exportName }) => {
    const found = scalarText(evaluate(value, scope))
    if (found === undefined) {
      return refuse(
        `Template format error: The Value field of every Outputs member must evaluate to a String.`,
      )
    }
    const named = exportName === undefined ? undefined : scalarText(evaluate(exportName, scope))
    return { key: name, value: found, description, exportName: named }
  })
}

/** Throws `TemplateError` when another stack exports the name, or imports what would change or go. */
export async function checkExports(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  outputs: readonly StoredOutput[],
): Promise<void> {
  const known = await exportsOf(state, owner)
  const fresh = new Map(
    outputs.flatMap(({ exportName, value }) => (exportName === undefined ? [] : [[exportName, value]])),
  )
  for (const name of fresh.keys()) {
    const other = known.get(name)
    if (other !== undefined && other.stackId !== stack.stackId) {
      refuse(`Export with name ${name} is already exported by stack ${stackNameIn(other.stackId)}`)
    }
  }
  for (const record of ownExports(known, stack)) {
    const value = fresh.get(record.name)
    if (value === record.value) continue
    const importers = await importersOf(state, owner, record.name)
    if (importers.length === 0) continue
    const what = value === undefined ? 'deleted' : 'updated'
    refuse(`Export ${record.name} cannot be ${what} as it is in use by ${importers.join(', ')}`)
  }
}

const ownExports = (known: ReadonlyMap<string, ExportRecord>, stack: StackRecord): ExportRecord[] =>
  [...known.values()].filter((record) => record.stackId === stack.stackId)

const stackNameIn = (stackId: string): string => stackId.split('/')[1] ?? stackId

/** Writes the stack's exports and takes away those that it had and has no more. */
export function putExports(tx: Tx, owner: Owner, stack: StackRecord, before: readonly StoredOutput[]): void {
  for (const { exportName } of before) {
    if (exportName !== undefined) exported.delete(tx, owner, exportName)
  }
  for (const { exportName: name, value } of stack.outputs) {
    if (name !== undefined) exported.put(tx, owner, [name], { name, value, stackId: stack.stackId })
  }
}
