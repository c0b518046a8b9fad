/** Errors of the management API. Codes and statuses from the model; texts as AWS prints them, or marked inferred. */
import { Fault } from '#base/fault.ts'

export const badRequest = (message: string): Fault =>
  new Fault('BadRequestException', message, { status: 400 })

export const conflict = (message: string): Fault => new Fault('ConflictException', message, { status: 409 })

export const notFound = (message: string): Fault => new Fault('NotFoundException', message, { status: 404 })

/** Source: recorded AWS answers of REST APIs; for HTTP APIs, without the account, inferred. */
export const noApi = (id: string): Fault => notFound(`Invalid API identifier specified ${id}`)
export const noPart = (kind: string, id: string): Fault =>
  notFound(`Invalid ${kind} identifier specified ${id}`)

export const noStage = (): Fault => notFound('Invalid stage identifier specified')

/** Source: recorded AWS answers. */
export const noDomain = (): Fault =>
  notFound('The domain name resource specified in the request was not found.')
export const noMapping = (): Fault =>
  notFound('The api mapping resource specified in the request was not found.')

/** Ours: a part of HTTP APIs that is not written. */
export const notYet = (what: string): Fault =>
  new Fault('NotImplemented', `${what} is not supported by this version of Windtunnel.`, { status: 501 })
