/** The command line's side of `/_windtunnel/`: small requests to a running platform, errors in words. */
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type Outgoing, credentialsOf, signedHeaders } from '#cli/signing.ts'

export const DEFAULT_ENDPOINT = 'http://127.0.0.1:4566'

export function endpointOf(parsed: Parsed): string {
  const option = parsed.value('endpoint')
  const given = option ?? process.env['WINDTUNNEL_ENDPOINT'] ?? DEFAULT_ENDPOINT
  const url = URL.parse(given)
  if (url !== null && /^https?:$/.test(url.protocol)) return given.replace(/\/+$/, '')
  throw new UsageError(
    `"${given}" is no address of a platform.`,
    option === undefined ? 'WINDTUNNEL_ENDPOINT' : '--endpoint',
    `For example: ${DEFAULT_ENDPOINT}`,
  )
}

/** Account and region that the command line acts for, as the AWS tools read them. */
export function identityOf(parsed: Parsed): { readonly account: string; readonly region: string } {
  const key = process.env['AWS_ACCESS_KEY_ID'] ?? ''
  const account = /^\d{12}$/.test(key) ? key : '000000000000'
  const region =
    parsed.value('region') ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1'
  return { account, region }
}

/** An AWS answer that is an error, as the platform gave it. */
export class ApiError extends Error {
  readonly code: string
  /** What was refused: a file and line where the command knows one, else the code. */
  readonly thing: string
  readonly remedy: string
  constructor(
    code: string,
    message: string,
    more: { readonly thing?: string; readonly remedy?: string } = {},
  ) {
    super(message)
    this.code = code
    this.thing = more.thing ?? code
    this.remedy = more.remedy ?? 'The platform answered as AWS does; change the request.'
  }
}

export class PlatformClient {
  readonly endpoint: string
  readonly #identity: { readonly account: string; readonly region: string }

  constructor(endpoint: string, identity: { readonly account: string; readonly region: string }) {
    this.endpoint = endpoint
    this.#identity = identity
  }

  get account(): string {
    return this.#identity.account
  }

  get region(): string {
    return this.#identity.region
  }

  async get(path: string): Promise<unknown> {
    return await this.#json('GET', path, undefined)
  }

  async post(path: string, body: unknown): Promise<unknown> {
    return await this.#json('POST', path, body)
  }

  /** One operation of an AWS service, as JSON both ways. Throws ApiError for AWS's own refusals. */
  async call(service: string, operation: string, input: unknown): Promise<unknown> {
    const { account, region } = this.#identity
    return await this.#json(
      'POST',
      `/_windtunnel/api/${service}/${operation}?account=${account}&region=${region}`,
      input,
    )
  }

  /** Newline-separated JSON documents. */
  async lines(path: string): Promise<unknown[]> {
    const response = await this.fetch(path, {})
    const body = await this.text(response)
    if (!response.ok) throw this.#unfit(response)
    return body
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line))
  }

  /** Any request to the platform's port; a platform that is not there is Trouble. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.endpoint}${path}`, init)
    } catch (error) {
      throw this.#gone(error)
    }
  }

  /** A request of an AWS service in its own protocol, signed. */
  async send(
    service: string,
    path: string,
    request: {
      readonly method: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Uint8Array<ArrayBuffer>
    },
  ): Promise<Response> {
    const { method, headers = {}, body } = request
    const signed = this.signed(service, { method, url: `${this.endpoint}${path}`, headers, body })
    return await this.fetch(path, { method, headers: signed, body })
  }

  /** The headers of that request with those of its signature, which holds for some minutes from now. */
  signed(service: string, outgoing: Outgoing): Record<string, string> {
    const { account, region } = this.#identity
    const credentials = credentialsOf(process.env, account)
    return signedHeaders(outgoing, { credentials, region, service, at: new Date() })
  }

  /**
   * Headers that tell service, account and region under a signature of nothing, for requests whose text differs from one to
   * the next: good where IAM is not enforced.
   */
  addressed(service: string): Record<string, string> {
    const { account, region } = this.#identity
    const scope = `${account}/20260101/${region}/${service}/aws4_request`
    return {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    }
  }

  async #json(method: string, path: string, body: unknown): Promise<unknown> {
    const headers = { 'Content-Type': 'application/json' }
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
    const response = await this.fetch(path, init)
    const text = await this.text(response)
    const answer: unknown = text === '' ? {} : parseJson(text)
    if (answer === undefined) throw this.#unfit(response)
    if (response.ok) return answer
    const error = isRecord(answer) ? answer['error'] : undefined
    const message = stringAt(error, 'message') ?? `The platform answered ${response.status}.`
    const code = stringAt(error, 'code')
    if (code !== undefined) throw new ApiError(code, message)
    throw new Trouble(
      message,
      `${method} ${this.endpoint}${path}`,
      stringAt(error, 'remedy') ?? 'Look at the log of the platform.',
    )
  }

  /** The body; a platform that goes away in the middle of it is Trouble too. */
  async text(response: Response): Promise<string> {
    try {
      return await response.text()
    } catch (error) {
      throw this.#gone(error)
    }
  }

  /** Nothing listens there, or it went away in the middle. */
  #gone(error: unknown): Trouble {
    const code = stringAt(error instanceof Error ? error.cause : undefined, 'code') ?? ''
    if (/TIMEOUT/.test(code))
      return new Trouble(
        'The platform did not answer in five minutes.',
        this.endpoint,
        'Look at its log; a function that takes longer is better called as an event.',
      )
    if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code))
      return new Trouble(
        'The platform broke off in the middle of an answer.',
        this.endpoint,
        'Look whether it still runs, and at its log.',
      )
    return new Trouble('No platform answers there.', this.endpoint, 'Start one with: windtunnel up')
  }

  #unfit(response: Response): Trouble {
    return new Trouble(
      `What answers there is no Windtunnel platform (HTTP ${response.status}).`,
      this.endpoint,
      'Name the platform with --endpoint, or start one with: windtunnel up',
    )
  }
}

export function clientOf(parsedArguments: Parsed): PlatformClient {
  return new PlatformClient(endpointOf(parsedArguments), identityOf(parsedArguments))
}

export function listAt(value: unknown, name: string): readonly unknown[] {
  const found = valueAt(value, name)
  return Array.isArray(found) ? found : []
}
