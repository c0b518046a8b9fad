/**
 * What a crash left between a creation and its record: looked for before the deployment goes on, while nothing else of
 * the stack is being made, so that each thing is found by the one resource it was made for.
 */
import { Fault } from '#base/fault.ts'
import { instant } from '#base/time.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { RESOURCES_SEARCHED } from '#services/cloudformation/limits.ts'
import { isInDoubt, type ResourceRecord, resources } from '#services/cloudformation/records.ts'
import { propertiesOf } from '#services/cloudformation/resource-properties.ts'
import { handlerOf } from '#services/cloudformation/resources/all.ts'

/** Ids by logical id. */
export async function findLeftovers(run: Deployment): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const doubtful = [...run.resources.values()].filter(isInDoubt)
  if (doubtful.length === 0) return found
  const taken = await takenIds(run)
  for (const record of doubtful) {
    const id = await leftoverOf(run, record, taken)
    if (id === undefined) continue
    taken.add(id)
    found.set(record.logicalId, id)
  }
  return found
}

async function takenIds(run: Deployment): Promise<Set<string>> {
  const { store } = run.state
  const records = await resources.list(store.read, run.owner, [], { limit: RESOURCES_SEARCHED })
  return new Set(
    records.flatMap(({ current, before }) =>
      [current, before].flatMap((life) => (life === undefined ? [] : [life.physicalId])),
    ),
  )
}

async function leftoverOf(
  run: Deployment,
  record: ResourceRecord,
  taken: ReadonlySet<string>,
): Promise<string | undefined> {
  const handler = handlerOf(record.type)
  const definition = run.definitionOf(record.logicalId)
  if (handler?.find === undefined || definition === undefined) return undefined
  try {
    const { applied } = await propertiesOf(run, definition)
    const context = run.contextOf(record, record.token)
    return await handler.find(context, applied, { taken, since: instant(record.updatedAt) })
  } catch (error) {
    // The creation itself says what is wrong, in its events.
    if (error instanceof Fault || error instanceof TemplateError) return undefined
    throw error
  }
}
