/** Errors of the management API, with AWS's texts. Source: recorded AWS answers unless marked. */
import { Fault } from '#base/fault.ts'

export const badRequest = (message: string): Fault =>
  new Fault('BadRequestException', message, { status: 400 })
export const conflict = (message: string): Fault => new Fault('ConflictException', message, { status: 409 })
export const notFound = (message: string): Fault => new Fault('NotFoundException', message, { status: 404 })
export const limitExceeded = (message: string): Fault =>
  new Fault('LimitExceededException', message, { status: 429 })

export const noApi = (account: string, id: string): Fault =>
  notFound(`Invalid API identifier specified ${account}:${id}`)
export const noResource = (): Fault => notFound('Invalid Resource identifier specified')
export const noMethod = (): Fault => notFound('Invalid Method identifier specified')
export const noIntegration = (): Fault => notFound('Invalid Integration identifier specified')
export const noStatus = (): Fault => notFound('Invalid Response status code specified')
export const noDeployment = (): Fault => notFound('Invalid Deployment identifier specified')
export const noStage = (): Fault => notFound('Invalid stage identifier specified')
export const noParameter = (): Fault => notFound('Invalid parameter name specified')
export const noContentType = (): Fault => notFound('Content-Type specified was not found')
export const invalidMapping = (expression: string): Fault =>
  badRequest(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${expression}]`,
  )
export const unknownMappingParameter = (parameter: string): Fault =>
  badRequest(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: ${parameter}]`,
  )

/** Ours: a part of REST APIs that is not written. */
export const notYet = (what: string): Fault =>
  new Fault('NotImplemented', `${what} is not supported by this version of Windtunnel.`, { status: 501 })
