/** Form bodies that must be read to know what a request is: query actions. The body is handed on as it was read. */
import { strictText } from '#base/bytes.ts'
import type { Body, HttpRequest } from '#ports/http.ts'
import { bodyOf, documentOf } from '#wire/bodies.ts'
import { pairsOf } from '#wire/uri.ts'

/** What a form or query string says about itself. */
export interface FormAction {
  readonly action: string | undefined
  readonly version: string | undefined
}

/** Largest form; ours, above every query service's own bound. */
const FORM_MAX = 16 * 1_024 * 1_024

/** True for a POST of a form, which only query services take. */
export const isForm = (request: HttpRequest): boolean =>
  request.method === 'POST' &&
  request.headers['content-type']
    ?.trimStart()
    .toLowerCase()
    .startsWith('application/x-www-form-urlencoded') === true

/** Looks for the two pairs only: the whole form is read once, by the decoder. */
function actionOf(text: string): FormAction | undefined {
  if (!text.includes('Action=')) return undefined
  const action = found(/(?:^|&)Action=([^&]*)/.exec(text)?.[1])
  return action === undefined
    ? undefined
    : { action, version: found(/(?:^|&)Version=([^&]*)/.exec(text)?.[1]) }
}

const found = (raw: string | undefined): string | undefined =>
  raw === undefined ? undefined : pairsOf(`v=${raw}`)?.[0]?.[1]

/** False when `withForm` would find nothing and read nothing. */
export const mayHaveAction = (request: HttpRequest): boolean =>
  request.query.includes('Action=') || isForm(request)

/** Reads the action from a form or the query string. The request that comes back holds the body that was read. */
export async function withForm(
  request: HttpRequest,
): Promise<{ readonly request: HttpRequest; readonly form: FormAction | undefined }> {
  const inQuery = actionOf(request.query)
  if (!isForm(request)) return { request, form: inQuery }
  const bytes = await documentOf(request, { limitBytes: FORM_MAX, operation: '' })
  const form = actionOf(strictText(bytes) ?? '')
  return { request: new ReadRequest(request, bytes), form: form ?? inQuery }
}

/** The request as it was, its body read and, if it was packed, unpacked. */
class ReadRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly host: string
  readonly hostPort: string
  readonly body: Body
  readonly #request: HttpRequest

  constructor(request: HttpRequest, bytes: Uint8Array) {
    this.#request = request
    this.method = request.method
    this.path = request.path
    this.query = request.query
    this.headers = unpackedHeaders(request.headers)
    this.host = request.host
    this.hostPort = request.hostPort
    this.body = bodyOf(bytes)
  }

  get rawHeaders(): HttpRequest['rawHeaders'] {
    return this.#request.rawHeaders
  }

  get remote(): HttpRequest['remote'] {
    return this.#request.remote
  }
}

function unpackedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (headers['content-encoding'] === undefined) return headers
  const { 'content-encoding': _, ...rest } = headers
  return rest
}
