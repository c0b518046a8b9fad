/** A streamed response in a test's hands: parts are given one by one, and whether they are taken can be seen. */
import { EMPTY, utf8 } from '#base/bytes.ts'
import type { RuntimeReply, StreamPart, StreamedBody } from '#ports/sandboxes.ts'
import { turns } from '#services/lambda/fake-platform.ts'
import type { FakeSandbox } from '#services/lambda/fake-sandboxes.ts'

export class FakeStream implements StreamedBody {
  #parts: StreamPart[] = []
  #waiting: ((part: StreamPart) => void) | undefined
  reply: RuntimeReply | undefined

  next(): Promise<StreamPart> {
    const part = this.#parts.shift()
    return part === undefined ? new Promise((resolve) => (this.#waiting = resolve)) : Promise.resolve(part)
  }

  /** Parts that nobody has asked for. */
  get left(): number {
    return this.#parts.length
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    await this.#give({ kind: 'bytes', bytes: typeof bytes === 'string' ? utf8(bytes) : bytes })
  }

  async end(trailers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#give({ kind: 'end', trailers })
  }

  async break(): Promise<void> {
    await this.#give({ kind: 'broken' })
  }

  async #give(part: StreamPart): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#parts.push(part)
    else waiting(part)
    await turns()
  }
}

/** The runtime begins to answer its invoke in streaming mode. */
export function streaming(
  sandbox: FakeSandbox,
  contentType = 'application/octet-stream',
  id = sandbox.requestId,
): FakeStream {
  const stream = new FakeStream()
  sandbox.spec.onRequest(
    {
      method: 'POST',
      path: `/2018-06-01/runtime/invocation/${id}/response`,
      headers: { 'lambda-runtime-function-response-mode': 'streaming', 'content-type': contentType },
      body: EMPTY,
      truncated: false,
      stream,
    },
    (reply) => (stream.reply = reply),
  )
  return stream
}
