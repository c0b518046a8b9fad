/**
 * What a change set shows: additions, changes and removals, computed from the stack as it stands and the template as it
 * shall be. Values that only the deployment will know stand for themselves; execution compares again with real ones.
 */
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import type { ResolvedTemplate, ResourceDefinition } from '#engines/templates/template.ts'
import { type Dict, isDict, memberOf, sameValue, type Value } from '#engines/templates/value.ts'
import type { ResourceRecord, StackTag, StoredChange } from '#services/cloudformation/records.ts'
import {
  changesBetween,
  deployable,
  type PropertyChange,
  type ResourceTables,
} from '#services/cloudformation/tables.ts'

/** What AWS prints where a value is not known before execution. */
export const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}'

export interface PlanInput {
  readonly resolved: ResolvedTemplate
  readonly current: ReadonlyMap<string, ResourceRecord>
  readonly tables: ResourceTables
  /** The stack's tags as they shall be. */
  readonly tags: readonly StackTag[]
  exported(name: string): Value | undefined
}

/** In the order of the template, removals last. Throws `TemplateError`. */
export function planOf(input: PlanInput): StoredChange[] {
  const fresh = new Set<string>()
  const changes: StoredChange[] = []
  for (const id of ordered(input.resolved)) {
    const definition = input.resolved.resources.get(id)
    if (definition === undefined) continue
    const change = changeOf(input, definition, fresh)
    if (change === undefined) continue
    if (change.action === 'Add' || change.replacement !== 'False') fresh.add(id)
    changes.push(change)
  }
  const order = [...input.resolved.resources.keys()]
  changes.sort((a, b) => order.indexOf(a.logicalId) - order.indexOf(b.logicalId))
  for (const [id, record] of input.current) {
    if (input.resolved.resources.has(id) || record.current === undefined) continue
    changes.push({
      action: 'Remove',
      logicalId: id,
      physicalId: record.current.physicalId,
      type: record.type,
      policyAction: record.deletionPolicy.startsWith('Retain') ? 'Retain' : 'Delete',
      properties: [],
      scopes: [],
    })
  }
  return changes
}

/** Resources after everything that they need. */
export function ordered({ graph }: ResolvedTemplate): string[] {
  const out: string[] = []
  const seen = new Set<string>()
  const visit = (id: string): void => {
    if (seen.has(id)) return
    seen.add(id)
    for (const need of graph.get(id) ?? []) visit(need)
    out.push(id)
  }
  for (const id of graph.keys()) visit(id)
  return out
}

function changeOf(
  input: PlanInput,
  definition: ResourceDefinition,
  fresh: ReadonlySet<string>,
): StoredChange | undefined {
  const { logicalId, type } = definition
  const record = input.current.get(logicalId)
  const made = record?.current
  if (made === undefined) return { action: 'Add', logicalId, type, properties: [], scopes: [] }
  const evaluated = evaluate(definition.properties, scopeOf(input, fresh))
  const properties = typedProperties(input, type, isDict(evaluated) ? evaluated : {})
  const table = input.tables.tables.get(type)
  const changed: PropertyChange[] =
    table === undefined
      ? untyped(made.properties, properties)
      : changesBetween(table, made.properties, properties)
  const scopes = attributeChanges(definition, record)
  if (changed.length === 0 && scopes.length === 0) return undefined
  return {
    action: 'Modify',
    logicalId,
    physicalId: made.physicalId,
    type,
    replacement: replacementOf(changed, properties),
    properties: changed.map(({ name, replaces }) => ({
      name,
      recreation: replaces === 'yes' ? 'Always' : replaces === 'maybe' ? 'Conditionally' : 'Never',
    })),
    scopes,
  }
}

/** A value that is wrong is wrong at execution; the preview shows it as it is. */
function typedProperties({ tables, tags }: PlanInput, type: string, properties: Dict): Dict {
  const conformed = deployable(tables, type, properties, tags)
  return conformed.ok ? conformed.properties : properties
}

const untyped = (before: Dict, after: Dict): PropertyChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !sameValue(memberOf(before, name), memberOf(after, name)))
    .map((name) => ({ name, replaces: 'no' }))

/** A create-only property whose new value is not known yet may turn out to be the old one. */
function replacementOf(changed: readonly PropertyChange[], properties: Dict): StoredChange['replacement'] {
  const always = changed.filter(({ replaces }) => replaces === 'yes')
  if (always.some(({ name }) => !holdsUnknown(memberOf(properties, name)))) return 'True'
  return always.length > 0 || changed.some(({ replaces }) => replaces === 'maybe') ? 'Conditional' : 'False'
}

const holdsUnknown = (value: Value | undefined): boolean =>
  value !== undefined && JSON.stringify(value).includes(UNKNOWN)

function attributeChanges(definition: ResourceDefinition, record: ResourceRecord | undefined): string[] {
  if (record === undefined) return []
  const out: string[] = []
  if (definition.deletionPolicy !== record.deletionPolicy) out.push('DeletionPolicy')
  if (definition.updateReplacePolicy !== record.updateReplacePolicy) out.push('UpdateReplacePolicy')
  if (!sameValue(definition.metadata, record.metadata)) out.push('Metadata')
  return out
}

/** Running values of resources that stay as they are; `UNKNOWN` for those that are made or may be made anew. */
function scopeOf(input: PlanInput, fresh: ReadonlySet<string>): Scope {
  const made = (id: string): ResourceRecord['current'] =>
    fresh.has(id) ? undefined : input.current.get(id)?.current
  const exists = (id: string): boolean => input.resolved.resources.has(id)
  return {
    ...input.resolved.scope,
    ref: (id) => made(id)?.physicalId ?? (exists(id) ? UNKNOWN : undefined),
    attribute: (id, name) => memberOf(made(id)?.attributes, name) ?? (exists(id) ? UNKNOWN : undefined),
    exported: (name) => input.exported(name),
  }
}
