/** PublishVersion: `$LATEST` as it is, under a number of its own. */
import { present } from '#base/assert.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { otherCode } from '#services/lambda/faults.ts'
import { unqualified } from '#services/lambda/names.ts'
import { checkChangeable } from '#services/lambda/operations/update-function.ts'
import { configurationOf, versionOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import type { Publication } from '#services/lambda/versions.ts'

/**
 * Without changes since the last version, the last version is the answer. Source: Lambda API, PublishVersion; recorded
 * AWS answers. Faults: not active, other code, another revision.
 */
export const publishVersion: Operation<Lambda['PublishVersion'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const name = unqualified(input.FunctionName, call)
  await state.get(call, name)
  let made: Publication | undefined
  await state.change(call, name, async (record, tx) => {
    checkChangeable(record, call, input.RevisionId)
    const here = record.package.code.sha256Base64
    if (input.CodeSha256 !== undefined && input.CodeSha256 !== '' && input.CodeSha256 !== here)
      throw otherCode(input.CodeSha256, here)
    made = await state.versions.next(tx, record, input.Description)
    return made.of
  })
  const publication = present(made, 'a change that is kept has made its version')
  state.versions.begin(call, publication)
  const { version } = publication
  return configurationOf(version, call, versionOf(version))
}
