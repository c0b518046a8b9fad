/**
 * Function URLs as the store keeps them: in the function's record, by qualifier; and whose an id is, for requests that
 * bring nothing else. What a request does with one is `data-plane.ts`.
 */
import { lowerId } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import { instant, isoMs } from '#base/time.ts'
import type { Cors, FunctionUrlConfig } from '#model/lambda.ts'
import type { Random } from '#ports/random.ts'
import type { Tx } from '#ports/store.ts'
import { LATEST, type Owner, functionArn } from '#services/lambda/names.ts'

export interface UrlRecord {
  readonly id: string
  readonly authType: string
  /** Absent is BUFFERED. */
  readonly invokeMode: string | undefined
  readonly cors: Cors | undefined
  readonly createdAt: number
  readonly modifiedAt: number
}

/** By the alias, or `$LATEST`. */
export type UrlRecords = Readonly<Record<string, UrlRecord>>

/** What an id stands for. */
export interface UrlPlace {
  readonly account: string
  readonly region: string
  readonly name: string
  /** An alias, or `$LATEST`. */
  readonly qualifier: string
}

const PLACES = new Records<UrlPlace>('lambda-url')
/** Ids are unique over all accounts and regions, as the host names made of them are. */
const ANYWHERE = ['*', '*'] as const
/** Source: ids of real function URLs. */
const ID_LENGTH = 32

type Reading = Parameters<typeof PLACES.get>[0]

export const placeOf = (from: Reading, id: string): Promise<UrlPlace | undefined> =>
  PLACES.get(from, ANYWHERE, id)

export const keepPlace = (to: Tx, id: string, place: UrlPlace): void => PLACES.put(to, ANYWHERE, [id], place)

/** For a function that is deleted: its URLs lead nowhere. */
export function dropPlaces(from: Tx, urls: UrlRecords | undefined): void {
  for (const { id } of Object.values(urls ?? {})) PLACES.delete(from, ANYWHERE, id)
}

export const newUrlId = (random: Random): string => lowerId(random, ID_LENGTH)

/** Of the function or the alias: `$LATEST` has none of its own. */
export const urlArn = (owner: Owner, name: string, qualifier: string): string =>
  functionArn(owner, name, qualifier === LATEST ? undefined : qualifier)

/** `{id}.lambda-url.{region}.localhost:4566`; a name that is no loopback name is kept. */
export function urlHost(id: string, region: string, hostPort: string): string {
  const [, host = 'localhost', port = ''] = /^([^/:]+|\[[^\]]+\])(:\d+)?$/.exec(hostPort) ?? []
  const name = /^[0-9.]+$|^\[/.test(host) ? 'localhost' : host
  return `${id}.lambda-url.${region}.${name}${port}`
}

export interface ShownUrl {
  readonly owner: Owner
  readonly name: string
  readonly qualifier: string
  /** Where the caller reached us, such as `http://localhost:4566`. */
  readonly endpoint: string
}

/** Source: Lambda API, FunctionUrlConfig; recorded AWS answers leave InvokeMode out when it was not given. */
export function shownUrl(record: UrlRecord, of: ShownUrl): FunctionUrlConfig {
  const [scheme = 'http', hostPort = 'localhost'] = of.endpoint.split('://')
  return {
    FunctionUrl: `${scheme}://${urlHost(record.id, of.owner.region, hostPort)}/`,
    FunctionArn: urlArn(of.owner, of.name, of.qualifier),
    CreationTime: isoMs(instant(record.createdAt)),
    LastModifiedTime: isoMs(instant(record.modifiedAt)),
    AuthType: record.authType,
    ...(record.cors === undefined ? {} : { Cors: record.cors }),
    ...(record.invokeMode === undefined ? {} : { InvokeMode: record.invokeMode }),
  }
}
