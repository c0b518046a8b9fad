/**
 * POST Object: an upload from a page's form. It is in no model, so the platform asks here before it looks for an
 * operation. The form's policy is held, its signature is not verified. Source: S3 API, POST Object.
 */
import type { Bytes } from '#base/bytes.ts'
import { accountId } from '#base/ids.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import type { Call } from '#ports/service.ts'
import {
  entityTooLarge,
  entityTooSmallForPolicy,
  incompleteBody,
  invalidArgument,
  malformedPost,
} from '#services/s3/faults.ts'
import { boundaryOf, type FormData, readForm } from '#services/s3/form-data.ts'
import { POST_FIELDS_BYTES_MAX } from '#services/s3/limits.ts'
import { put } from '#services/s3/metering.ts'
import { type PutInput, storeObject } from '#services/s3/operations/put-object.ts'
import { checkPolicy, type SizeRange } from '#services/s3/post-policy.ts'
import type { S3State } from '#services/s3/state.ts'
import { tagsOfXml } from '#services/s3/tags.ts'
import { bucketOf } from '#services/s3/versions.ts'

/** The bucket that a form is posted to, or undefined when the request is something else. */
export function bucketOfPost(
  request: Pick<HttpRequest, 'method' | 'path' | 'query' | 'headers'>,
): string | undefined {
  if (request.method !== 'POST' || request.query !== '') return undefined
  if (boundaryOf(request.headers['content-type']) === undefined) return undefined
  const found = /^\/([^/]+)\/?$/.exec(request.path)?.[1]
  return found === undefined ? undefined : decodeURIComponent(found)
}

/** The whole answer. Faults of POST forms, and those of PutObject. */
export async function postObject(
  state: S3State,
  bucketName: string,
  request: HttpRequest,
  call: Call,
): Promise<HttpResponse> {
  const bucket = await bucketOf(state.store.read, bucketName)
  const form = await readForm(request.body.stream(), boundaryOf(request.headers['content-type']) ?? '', {
    fieldsMax: POST_FIELDS_BYTES_MAX,
    broken: incompleteBody,
  })
  if (form === undefined) throw malformedPost()
  const { fields, file } = form
  const template = fields.get('key')
  if (template === undefined || template === '')
    throw invalidArgument(
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      'key',
      '',
    )
  if (file === undefined)
    throw invalidArgument('POST requires exactly one file upload per request.', 'file', '0')
  const policy = fields.get('policy')
  const range =
    policy === undefined
      ? undefined
      : checkPolicy(policy, new Map(fields).set('bucket', bucketName), state.clock.now())
  const key = template.replaceAll('${filename}', file.name)
  const poster = callOf(call, accountOf(fields) ?? bucket.account)
  const input: PutInput = {
    ...inputOf(form, bucketName, key),
    Body: range === undefined ? file.body : within(file.body, range),
  }
  const store = put<{ in: PutInput; out: Awaited<ReturnType<typeof storeObject>> }>((asked, its, by) =>
    storeObject(its, asked, by, 'ObjectCreated:Post'),
  )
  const { ETag: etag = '' } = await store(input, state, poster)
  return answer(fields, { bucket: bucketName, key, etag, endpoint: call.endpoint })
}

/** Twelve digits as the access key are the account, as everywhere on this platform. */
function accountOf(fields: ReadonlyMap<string, string>): Call['account'] | undefined {
  const credential = fields.get('x-amz-credential') ?? fields.get('awsaccesskeyid') ?? ''
  return accountId(credential.split('/')[0] ?? '')
}

/** The call as that account's; copied member by member, for calls are not plain objects. */
const callOf = (call: Call, account: Call['account']): Call => ({
  account,
  region: call.region,
  requestId: call.requestId,
  at: call.at,
  span: call.span,
  accessKeyId: call.accessKeyId,
  endpoint: call.endpoint,
  host: call.host,
  headers: call.headers,
  presigned: call.presigned,
  signal: call.signal,
  header: call.header,
})

/** A size outside of the policy is refused while it arrives. */
async function* within(body: AsyncIterable<Bytes>, { min, max }: SizeRange): AsyncGenerator<Bytes> {
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > max) throw entityTooLarge(sizeBytes, max)
    yield chunk
  }
  if (sizeBytes < min) throw entityTooSmallForPolicy(sizeBytes, min)
}

function inputOf({ fields }: FormData, Bucket: string, Key: string): PutInput {
  const metadata = [...fields].flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') ? [[name.slice(11), value] as const] : [],
  )
  const tagging = fields.get('tagging')
  const expires = fields.get('expires')
  return {
    Bucket,
    Key,
    ACL: fields.get('acl'),
    CacheControl: fields.get('cache-control'),
    ContentType: fields.get('content-type'),
    ContentDisposition: fields.get('content-disposition'),
    ContentEncoding: fields.get('content-encoding'),
    Expires: expires,
    ContentMD5: fields.get('content-md5'),
    Metadata: Object.fromEntries(metadata),
    StorageClass: fields.get('x-amz-storage-class'),
    Tagging: tagging === undefined ? undefined : tagsOfXml(tagging),
    ServerSideEncryption: fields.get('x-amz-server-side-encryption'),
    SSEKMSKeyId: fields.get('x-amz-server-side-encryption-aws-kms-key-id'),
    SSECustomerAlgorithm: fields.get('x-amz-server-side-encryption-customer-algorithm'),
    SSECustomerKey: fields.get('x-amz-server-side-encryption-customer-key'),
    SSECustomerKeyMD5: fields.get('x-amz-server-side-encryption-customer-key-md5'),
    WebsiteRedirectLocation: fields.get('x-amz-website-redirect-location'),
    ChecksumAlgorithm: fields.get('x-amz-checksum-algorithm'),
    ChecksumCRC32: fields.get('x-amz-checksum-crc32'),
    ChecksumCRC32C: fields.get('x-amz-checksum-crc32c'),
    ChecksumCRC64NVME: fields.get('x-amz-checksum-crc64nvme'),
    ChecksumSHA1: fields.get('x-amz-checksum-sha1'),
    ChecksumSHA256: fields.get('x-amz-checksum-sha256'),
  }
}

interface Stored {
  readonly bucket: string
  readonly key: string
  /** With its quotes. */
  readonly etag: string
  readonly endpoint: string
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Source: S3 API, POST Object, success_action_redirect and success_action_status. */
function answer(fields: ReadonlyMap<string, string>, stored: Stored): HttpResponse {
  const { bucket, key, etag, endpoint } = stored
  const location = `${endpoint}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
  const headers: HttpResponse['headers'] = [
    ['ETag', etag],
    ['Location', location],
  ]
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect')
  if (redirect !== undefined && /^https?:\/\/[^\s]+$/.test(redirect)) {
    const query = `bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}&etag=${encodeURIComponent(etag)}`
    const to = `${redirect}${redirect.includes('?') ? '&' : '?'}${query}`
    return {
      status: 303,
      headers: [
        ['ETag', etag],
        ['Location', to],
      ],
      body: '',
    }
  }
  const status = fields.get('success_action_status')
  if (status === '200') return { status: 200, headers, body: '' }
  if (status !== '201') return { status: 204, headers }
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<PostResponse><Location>${escaped(location)}</Location><Bucket>${escaped(bucket)}</Bucket>` +
    `<Key>${escaped(key)}</Key><ETag>${escaped(etag)}</ETag></PostResponse>`
  return { status: 201, headers: [...headers, ['Content-Type', 'application/xml']], body }
}
