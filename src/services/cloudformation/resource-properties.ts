/** A resource's properties at deployment: evaluated, dynamic references resolved, in the types of their table. */
import { evaluate } from '#engines/templates/evaluate.ts'
import type { ResourceDefinition } from '#engines/templates/template.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { type Dict, isDict } from '#engines/templates/value.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { holdsReference, resolveReferences } from '#services/cloudformation/dynamic-references.ts'
import { propertiesReason } from '#services/cloudformation/failures.ts'
import type { ResourceRecord } from '#services/cloudformation/records.ts'
import { deployable } from '#services/cloudformation/tables.ts'

export interface Wanted {
  /** As they are kept and compared: references stand for themselves. */
  readonly given: Dict
  /** As the handler gets them. */
  readonly applied: Dict
  readonly updatePolicy: Dict | undefined
}

/** As they are now. Throws `TemplateError`; Faults of what is referred to. */
export async function propertiesOf(run: Deployment, definition: ResourceDefinition): Promise<Wanted> {
  const evaluated = evaluate(definition.properties, run.scope())
  const given = isDict(evaluated) ? evaluated : {}
  const policy = evaluate(definition.updatePolicy ?? {}, run.scope())
  const updatePolicy = isDict(policy) ? policy : undefined
  if (!holdsReference(given)) {
    const properties = conformed(run, definition, given)
    return { given: properties, applied: properties, updatePolicy }
  }
  const resolved = await resolveReferences(run.state, run.owner, definition.type, given)
  return { given, applied: conformed(run, definition, resolved), updatePolicy }
}

function conformed(run: Deployment, definition: ResourceDefinition, properties: Dict): Dict {
  const found = deployable(run.state.tables, definition.type, properties, run.stack.tags)
  if (!found.ok) return refuse(propertiesReason(definition.logicalId, found.wrong))
  return found.properties
}

/** What is kept, as a handler gets it. */
export async function appliedOf(
  run: Deployment,
  { type, logicalId }: Pick<ResourceRecord, 'type' | 'logicalId'>,
  given: Dict,
): Promise<Dict> {
  if (!holdsReference(given)) return given
  const resolved = await resolveReferences(run.state, run.owner, type, given)
  const found = deployable(run.state.tables, type, resolved, run.stack.tags)
  if (!found.ok) return refuse(propertiesReason(logicalId, found.wrong))
  return found.properties
}
