/**
 * A Fault is an answer AWS would give. Services throw it from the constructors in their `faults.ts`; it is
 * caught in one place (`wire/respond.ts`), where the model adds what it knows (query code, status).
 */
export interface FaultOptions {
  /** HTTP status; without it the model's status, else 400 for the sender's and 500 for the receiver's faults. */
  readonly status?: number
  /** Whose fault it is; `client` unless said. */
  readonly side?: 'client' | 'server'
  /** Members of the error shape beside the message, such as `Type` or `Reason` of Lambda's errors. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Extra response headers, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>
}

export class Fault extends Error {
  override readonly name = 'Fault'
  /** The shape's name, or the query code where the service has no shape for it. */
  readonly code: string
  readonly status: number | undefined
  readonly side: 'client' | 'server'
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(code: string, message: string, options: FaultOptions = {}) {
    super(message)
    this.code = code
    this.status = options.status
    this.side = options.side ?? 'client'
    this.members = options.members ?? {}
    this.headers = options.headers ?? {}
  }
}
