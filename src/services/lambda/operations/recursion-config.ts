/** Whether a function may be invoked in a loop. */
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { functionNotFound, functionsOnly } from '#services/lambda/faults.ts'
import { type Owner, functionArn, referenceTo } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'

function named(spelled: string, owner: Owner): string {
  const { name, qualifier } = referenceTo(spelled, undefined, owner)
  if (qualifier !== undefined) throw functionsOnly()
  return name
}

/** Source: Lambda API, PutFunctionRecursionConfig; recorded AWS answers. */
export const putFunctionRecursionConfig: Operation<
  Lambda['PutFunctionRecursionConfig'],
  LambdaState
> = async (input, state, call) => {
  const name = named(input.FunctionName, call)
  const recursiveLoop = input.RecursiveLoop === 'Allow' ? 'Allow' : 'Terminate'
  await state.change(call, name, (record) => ({ ...record, recursiveLoop }))
  return { RecursiveLoop: recursiveLoop }
}

/** Source: Lambda API, GetFunctionRecursionConfig; recorded AWS answers. */
export const getFunctionRecursionConfig: Operation<
  Lambda['GetFunctionRecursionConfig'],
  LambdaState
> = async (input, state, call) => {
  const name = named(input.FunctionName, call)
  const live = await state.find(call, name)
  if (live === undefined) throw functionNotFound(functionArn(call, name))
  return { RecursiveLoop: live.record.recursiveLoop ?? 'Terminate' }
}
