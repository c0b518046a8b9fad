/** PutObject: check what can be checked, receive the body, commit. A posted form ends here too. */
import type { S3 } from '#model/s3.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { AclMembers } from '#services/s3/acl.ts'
import { checksumMembers, DEFAULT_ALGORITHM } from '#services/s3/checksums.ts'
import { quoted } from '#services/s3/etag.ts'
import type { EventName } from '#services/s3/event-records.ts'
import { expirationHeader } from '#services/s3/lifecycle.ts'
import { checkKey } from '#services/s3/names.ts'
import { announcedAlgorithm, type BodyInput, receiveBody } from '#services/s3/receive.ts'
import { encryptionMembers, type SettingsInput, settingsOf } from '#services/s3/settings.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newVersionId } from '#services/s3/versions.ts'
import { checkWriteConditions, writeObject } from '#services/s3/write.ts'

/** What is looked at of PutObject's input. */
export interface PutInput extends BodyInput, SettingsInput, AclMembers {
  readonly Bucket: string
  readonly Key: string
  readonly ExpectedBucketOwner?: string | undefined
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
}

export const putObject: Operation<S3['PutObject'], S3State> = (input, state, call) =>
  storeObject(state, input, call, 'ObjectCreated:Put')

export async function storeObject(
  state: S3State,
  input: PutInput,
  call: Call,
  event: EventName,
): Promise<S3['PutObject']['out']> {
  checkKey(input.Key)
  const conditions = { ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch }
  checkWriteConditions(conditions)
  const bucket = await bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
  const settings = settingsOf(input, bucket, { account: call.account, now: state.clock.now() })
  const algorithm = announcedAlgorithm(input, call) ?? DEFAULT_ALGORITHM
  const received = await receiveBody(state, input, call, [algorithm])
  const value = received.checksums.get(algorithm) ?? ''
  const written = await writeObject(state, input.Bucket, {
    draft: {
      ...settings,
      kind: 'object',
      key: input.Key,
      sizeBytes: received.sizeBytes,
      etag: received.md5,
      checksum: { algorithm, type: 'FULL_OBJECT', value },
    },
    fresh: received.fresh,
    conditions,
    making: { event, call },
  })
  return {
    ETag: quoted(received.md5),
    Expiration: expirationHeader(written.bucket, written.record),
    VersionId: newVersionId(written.bucket, written.record),
    ...checksumMembers(written.record.checksum),
    ...encryptionMembers(settings.encryption),
  }
}
