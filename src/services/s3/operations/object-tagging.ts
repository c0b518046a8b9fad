/** Tags of an object's version. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { changeObject } from '#services/s3/operations/change-object.ts'
import { findObject } from '#services/s3/read.ts'
import type { S3State } from '#services/s3/state.ts'
import { checkTags, plainTags } from '#services/s3/tags.ts'
import { shownVersionId } from '#services/s3/versions.ts'

export const putObjectTagging: Operation<S3['PutObjectTagging'], S3State> = async (input, state, call) => {
  const tags = plainTags(input.Tagging.TagSet)
  checkTags(tags, 'object')
  const { bucket, record } = await changeObject(state, input, (old) => ({ ...old, tags }), {
    event: 'ObjectTagging:Put',
    call,
  })
  return { VersionId: shownVersionId(bucket, record) }
}

export const getObjectTagging: Operation<S3['GetObjectTagging'], S3State> = async (input, state) => {
  const { bucket, record } = await findObject(state, input, 'GET', 'marker')
  return { TagSet: record.tags ?? [], VersionId: shownVersionId(bucket, record) }
}

export const deleteObjectTagging: Operation<S3['DeleteObjectTagging'], S3State> = async (
  input,
  state,
  call,
) => {
  const { bucket, record } = await changeObject(state, input, (old) => ({ ...old, tags: undefined }), {
    event: 'ObjectTagging:Delete',
    method: 'DELETE',
    call,
  })
  return { VersionId: shownVersionId(bucket, record) }
}
