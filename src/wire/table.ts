/**
 * The form of the generated tables in `src/model/data`: one service's operations and shapes as AWS's own models
 * give them, with short keys because all of them are committed and loaded. Written by `tools/make-model.ts`, read
 * by the modules beside this one. A fact that no public model carries is put in by `tools/make-model/patches.json`.
 */
export type Kind =
  | 'structure'
  | 'union'
  | 'list'
  | 'map'
  | 'string'
  | 'boolean'
  | 'byte'
  | 'short'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'blob'
  | 'timestamp'
  | 'document'

/** Timestamps: date-time text, epoch seconds, IMF-fixdate. */
export type TimeFormat = 'iso' | 'unix' | 'http'

/**
 * Where a member travels in REST protocols: label, query, all further query keys, header, headers below a prefix,
 * payload, status code.
 */
export type Place = 'label' | 'query' | 'queries' | 'header' | 'headers' | 'payload' | 'status'

/** How a member (of a structure, list or map) refers to its shape. */
export interface Member {
  /** Name of the shape. */
  readonly s: string
  /** Required. */
  readonly req?: 1
  /** Name in JSON bodies of REST services, where it is not the member's own. */
  readonly json?: string
  /** Element name in XML and key in query bodies, where it is not the member's own. */
  readonly xml?: string
  /** List or map without an element around its entries. */
  readonly flat?: 1
  /** XML attribute. */
  readonly attr?: 1
  /** The text of the root element itself, in XML. */
  readonly text?: 1
  /** XML namespace: URI and prefix. */
  readonly ns?: readonly [uri: string, prefix?: string]
  readonly ts?: TimeFormat
  readonly at?: Place
  /** Name of the header or query key, or prefix of the headers. */
  readonly w?: string
  /** Content type of a raw payload, where it is not `application/octet-stream`. */
  readonly type?: string
  /** Raw bytes that are never collected. */
  readonly stream?: 1
  /** Idempotency token: clients fill it. */
  readonly token?: 1
  /** Event streams: the event's payload, or a header of the event. */
  readonly event?: 'payload' | 'header'
  /** Text of a header that holds JSON in base64. */
  readonly media?: 'json'
  /** Part of a host prefix. */
  readonly host?: 1
}

export interface Shape {
  readonly t: Kind
  /** Members of a structure or union. */
  readonly m?: Readonly<Record<string, Member>>
  /** Element of a list. */
  readonly e?: Member
  /** Key and value of a map. */
  readonly k?: Member
  readonly v?: Member
  readonly min?: number
  readonly max?: number
  /** Java regular expression, as AWS prints it. */
  readonly pat?: string
  /** The same language as `pat`, where that could be made to backtrack for long. */
  readonly safe?: string
  readonly enum?: readonly string[]
  /** Values outside the enum are let through: newer clients know more of them than the table. */
  readonly warn?: 1
  /** Entries may be null. */
  readonly sparse?: 1
  /** Values never appear in messages. */
  readonly sens?: 1
  /** Root element name. */
  readonly xml?: string
  readonly ns?: readonly [uri: string, prefix?: string]
  readonly ts?: TimeFormat
  readonly media?: 'json'
  /** Error shapes: query code, status, side. */
  readonly err?: { readonly code?: string; readonly http?: number; readonly fault?: 'client' | 'server' }
  /** Event stream: a union of events. */
  readonly events?: 1
}

export interface OperationTable {
  /** Method, URI template with literal query, status of success. */
  readonly http?: readonly [method: string, uri: string, status: number]
  readonly in?: string
  readonly out?: string
  readonly errs?: readonly string[]
  /** Largest body in bytes, where it is not the service's. */
  readonly bodyMax?: number
  /** Host prefix, such as `sync-`. */
  readonly host?: string
  /** Element around the result in query answers; `none` for no element at all. */
  readonly wrap?: string
  /** Requests may come unsigned. */
  readonly open?: 1
  readonly deprecated?: 1
}

export type Protocol = 'awsJson1_0' | 'awsJson1_1' | 'restJson1' | 'restXml' | 'awsQuery' | 'rpcv2Cbor'

/** What identification needs of a service without loading its shapes. */
export interface ServiceFacts {
  /** Such as `lambda`: the folder of AWS's model. */
  readonly service: string
  /** Name of the generated interface, such as `Lambda`. */
  readonly type: string
  /** Such as `2015-03-31`. */
  readonly version: string
  /** Service in signature scopes. */
  readonly signing: string
  /** Such as `monitoring`: first label of AWS's hosts. */
  readonly endpoint: string
  readonly protocols: readonly Protocol[]
  /** Prefix of `X-Amz-Target`, and the service's name in CBOR paths. */
  readonly target?: string
  /** Namespace of shape ids in awsJson1_0 errors, such as `com.amazonaws.sqs`. */
  readonly namespace: string
  /** Default XML namespace. */
  readonly xmlns?: string
  /** Speaks query too: its errors carry `x-amzn-query-error`. */
  readonly queryCompatible?: 1
  /** Code of the answer to failed constraints, by service family. */
  readonly validation: string
  /** Only missing members are refused here, in words of the service's own; it checks the rest by itself. */
  readonly requiredOnly?: 'parameter' | 'xml'
  /** Beginning of paths that decides between services that share a signing name; after a `*` it may stand anywhere. */
  readonly path?: string
  /** Where nothing else was found, and the request looks like it: buckets and keys. */
  readonly last?: 1
  /** Buckets may stand in the host name. */
  readonly bucketHost?: 1
  /** The member that a path `/<account>/<name>` stands for when the body has none. */
  readonly pathMember?: string
  /** Error bodies in XML are a bare `<Error>`. */
  readonly bareErrors?: 1
  /** Timestamps in bodies always with three digits of milliseconds. */
  readonly fullMs?: 1
  /** Paths in messages begin with the input's name. */
  readonly inputPrefix?: 1
  /** Empty query values of numbers and booleans mean absent. */
  readonly emptyAbsent?: 1
  /** Largest collected body in bytes, where it is not 16 MiB. */
  readonly bodyMax?: number
  /** Code of the answer to an operation that is not written. */
  readonly notImplemented?: string
}

export interface ServiceTable extends ServiceFacts {
  readonly operations: Readonly<Record<string, OperationTable>>
  readonly shapes: Readonly<Record<string, Shape>>
}

/** One line of `src/model/data/index.json`. */
export interface ServiceEntry extends ServiceFacts {
  /** Names of the query actions, of services that speak query. */
  readonly actions?: readonly string[]
  /** `METHOD /template`, of services that speak REST; without the literal query. */
  readonly templates?: readonly string[]
}

export interface ServiceIndex {
  readonly services: readonly ServiceEntry[]
}
