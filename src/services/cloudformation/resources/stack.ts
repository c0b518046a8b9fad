/** AWS::CloudFormation::Stack: a stack within the stack. What it takes to make one is `nested-stacks.ts`. */
import type { ResourceContext, ResourceHandler, Within } from '#services/cloudformation/resources/handler.ts'

const within = (context: ResourceContext): Within => ({
  stackId: context.stack.id,
  name: context.name(128),
})

export const nestedStack: ResourceHandler = {
  create: (context, properties) => context.nested.create(within(context), properties),
  update: (context, physicalId, properties) => context.nested.update(within(context), physicalId, properties),
  delete: (context, physicalId) => context.nested.delete(within(context), physicalId),
}
