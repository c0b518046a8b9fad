/** Where answers to letters arrive: the addresses in custom resources' requests and in wait conditions' handles. */
import { text } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpResponse } from '#ports/http.ts'
import { uuidIn } from '#services/cloudformation/journal.ts'
import { ANSWER_BODY_BYTES_MAX } from '#services/cloudformation/limits.ts'
import { receive } from '#services/cloudformation/mailbox.ts'
import { ANSWER_BUCKET, stackOwner, WAIT_BUCKET } from '#services/cloudformation/resource-context.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

/** Requests to the buckets of those names, which are AWS's own and nobody's here. */
export const responses = (state: CloudFormationState): DataPlane => ({
  kind: 'cloudformation-answer',
  owner: (id) =>
    Promise.resolve(
      id.startsWith(`${ANSWER_BUCKET}-`) || id.startsWith(`${WAIT_BUCKET}-`)
        ? { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION }
        : undefined,
    ),
  handle: (call) => answered(state, call),
})

async function answered(state: CloudFormationState, call: DataPlaneCall): Promise<HttpResponse> {
  const { request, path } = call
  if (request.method !== 'PUT') return refused(call, 405, 'MethodNotAllowed')
  const [stackId = '', logicalId = '', requestId = ''] = decoded(path.slice(1)).split('|')
  const uuid = uuidIn(stackId)
  if (uuid === undefined) return refused(call, 403, 'AccessDenied')
  const body = await request.body.collect(ANSWER_BODY_BYTES_MAX)
  if (body === 'too-large') return refused(call, 400, 'EntityTooLarge')
  const signature = /(?:^|&)X-Amz-Signature=([0-9a-f]*)/.exec(request.query)?.[1] ?? ''
  const receipt = await receive(
    state,
    stackOwner(stackId),
    { uuid, stackId, logicalId },
    { requestId, signature, body: text(body) },
  )
  return receipt === 'taken'
    ? { status: 200, headers: [['x-amz-request-id', call.requestId]], body: '' }
    : refused(call, 403, 'AccessDenied')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** As S3 refuses. */
const refused = (call: DataPlaneCall, status: number, code: string): HttpResponse => ({
  status,
  headers: [['Content-Type', 'application/xml']],
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Access Denied</Message><RequestId>${call.requestId}</RequestId></Error>`,
})
