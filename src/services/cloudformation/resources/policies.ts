/** Policies that are resources of their own: one document put on what it names, by an attribute of that. */
import { type Dict, listAt, memberOf } from '#engines/templates/value.ts'
import type { ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { documentText, text, unlessGone } from '#services/cloudformation/resources/properties.ts'

type SetPolicy = (context: ResourceContext, target: string, policy: string) => Promise<unknown>

const documentOf = (properties: Dict): string => documentText(memberOf(properties, 'PolicyDocument')) ?? ''

/** One for several: `property` lists them. Its Ref is a name of its own. */
export function sharedPolicy(property: string, set: SetPolicy): ResourceHandler {
  const targetsOf = (properties: Dict): string[] =>
    (listAt(properties, property) ?? []).flatMap((target) => (typeof target === 'string' ? [target] : []))
  const removeFrom = async (context: ResourceContext, targets: readonly string[]): Promise<void> => {
    for (const target of targets) await unlessGone(() => set(context, target, ''))
  }
  return {
    async create(context, properties) {
      for (const target of targetsOf(properties)) await set(context, target, documentOf(properties))
      const id = context.name(100)
      return { physicalId: id, attributes: { Id: id } }
    },
    async update(context, id, properties, before) {
      const targets = targetsOf(properties)
      await removeFrom(
        context,
        targetsOf(before).filter((target) => !targets.includes(target)),
      )
      for (const target of targets) await set(context, target, documentOf(properties))
      return { physicalId: id, attributes: { Id: id } }
    },
    delete: (context, _, properties) => removeFrom(context, targetsOf(properties)),
  }
}

/** One for one: its Ref is what it is put on. */
export function inlinePolicy(property: string, set: SetPolicy): ResourceHandler {
  const put: ResourceHandler['create'] = async (context, properties) => {
    const target = text(properties, property)
    await set(context, target, documentOf(properties))
    return { physicalId: target, attributes: {} }
  }
  return {
    create: put,
    update: (context, _, properties) => put(context, properties),
    delete: (context, target) => unlessGone(() => set(context, target, '')),
  }
}
