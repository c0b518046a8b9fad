/** HTTP as the platform's rooms see it, free of any server's objects. */
export type ByteStream = AsyncIterable<Uint8Array>

/** A request body that is read at most once. */
export interface Body {
  /** The announced length, or undefined for chunked bodies. */
  readonly length: number | undefined
  /** All of it; a body beyond the limit resolves to `too-large` and the rest is discarded. */
  collect(limitBytes: number): Promise<Uint8Array | 'too-large'>
  stream(): ByteStream
}

export interface HttpRequest {
  /** Upper case. */
  readonly method: string
  /** As it came, never normalised: keys hold `..`, `//` and `%2F`. Without the query. */
  readonly path: string
  /** As it came, without the question mark; empty when there is none. */
  readonly query: string
  /** Names in lower case; repeated headers joined by a comma and a blank. */
  readonly headers: Readonly<Record<string, string>>
  /** Pairs as they came, spelling and repetition kept. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** The Host header, lower case, without the port. */
  readonly host: string
  /** The Host header as it came, with its port. */
  readonly hostPort: string
  readonly body: Body
  readonly remote: { readonly address: string; readonly port: number }
}

export interface HttpResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Uint8Array | string | ByteStream | undefined
}

/** Whoever waits for the answer. */
export interface Caller {
  /** True when nobody does any more. */
  readonly gone: boolean
  /** Aborts when the caller goes. Made on first use: most requests never ask. */
  readonly signal: AbortSignal
}
