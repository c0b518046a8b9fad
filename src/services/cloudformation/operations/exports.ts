/** Exports between stacks: ListExports, ListImports. */
import type { CloudFormation } from '#model/cloudformation.ts'
import type { Operation } from '#ports/service.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { exportsOf, importersOf } from '#services/cloudformation/journal.ts'
import { PAGE } from '#services/cloudformation/limits.ts'
import { pageAt } from '#services/cloudformation/paging.ts'
import { ownerOf } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

/** Source: CloudFormation API, ListExports. */
export const listExports: Operation<CloudFormation['ListExports'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const all = [...(await exportsOf(state, ownerOf(call))).values()]
  const page = pageAt(all, input.NextToken, PAGE)
  return {
    Exports: page.items.map(({ name, value, stackId }) => ({
      ExportingStackId: stackId,
      Name: name,
      Value: value,
    })),
    NextToken: page.token,
  }
}

/** Source: CloudFormation API, ListImports. */
export const listImports: Operation<CloudFormation['ListImports'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const importers = await importersOf(state, ownerOf(call), input.ExportName)
  if (importers.length === 0) {
    throw validationError(`Export '${input.ExportName}' is not imported by any stack.`)
  }
  const page = pageAt(importers, input.NextToken, PAGE)
  return { Imports: [...page.items], NextToken: page.token }
}
