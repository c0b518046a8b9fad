/** RestoreObject: an archived version becomes readable for some days, after the hours of its tier on the platform's clock. */
import { requestId } from '#base/ids.ts'
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { type Happening, PRINCIPAL } from '#services/s3/event-records.ts'
import { changeObject } from '#services/s3/operations/change-object.ts'
import type { ObjectRecord } from '#services/s3/records.ts'
import { restoringOf } from '#services/s3/restore.ts'
import type { S3State } from '#services/s3/state.ts'
import { shownVersionId } from '#services/s3/versions.ts'

/** 202 when a restore begins, 200 when a copy is there already and stays longer. Source: S3 API, RestoreObject. */
export const restoreObject: Operation<S3['RestoreObject'], S3State> = async (input, state, call) => {
  let begins = true
  await changeObject(
    state,
    input,
    (old) => {
      const restoring = restoringOf(old, input.RestoreRequest, state.clock.now())
      ;({ begins } = restoring)
      return { ...old, restore: restoring.restore }
    },
    {
      call,
      tell: (tell, { bucket, record }) => {
        if (!begins || record.restore === undefined) return []
        const happening = { ...happeningOf(record), versionId: shownVersionId(bucket, record) }
        const { readyAt, expiresAt } = record.restore
        const service = { account: PRINCIPAL, requestId: requestId(state.random), span: call.span }
        const restore = { storageClass: record.storageClass, expiresAt }
        return [
          ...tell({ ...happening, name: 'ObjectRestore:Post' }, call),
          ...tell({ ...happening, name: 'ObjectRestore:Completed', restore, at: readyAt }, service),
        ]
      },
    },
  )
  return { StatusCode: begins ? 202 : 200 }
}

const happeningOf = ({ key, etag, sizeBytes, storageClass }: ObjectRecord): Omit<Happening, 'name'> => ({
  key,
  etag,
  sizeBytes,
  restore: { storageClass },
})
