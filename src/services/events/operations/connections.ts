/** Connections: the credentials of API destinations. Secrets are kept with the record and never shown. */
import { lowerId, uuid } from '#base/ids.ts'
import { instant } from '#base/time.ts'
import type {
  ConnectionAuthResponseParameters,
  ConnectionHttpParameters,
  CreateConnectionAuthRequestParameters,
  Events,
  UpdateConnectionAuthRequestParameters,
} from '#model/events.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  connectionExists,
  connectionNotFound,
  noConnectionToDescribe,
  invalidParameter,
  limitExceeded,
  notWritten,
} from '#services/events/faults.ts'
import { CONNECTIONS_MAX } from '#services/events/limits.ts'
import { connectionArn, ownerParts } from '#services/events/names.ts'
import { paged } from '#services/events/page-token.ts'
import {
  type Authorization,
  type ConnectionRecord,
  CONNECTIONS,
  type Parameters,
} from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

type Given = CreateConnectionAuthRequestParameters | UpdateConnectionAuthRequestParameters

const absent = (member: string): never => {
  throw invalidParameter(member, 'Missing required field(s).')
}

/** What is given, over what was there before. Fault ValidationException: a part is missing. Source: recorded AWS answer. */
function authorizationOf(kind: string, given: Given, before: Authorization | undefined): Authorization {
  if (given.ConnectivityParameters !== undefined)
    throw notWritten('ConnectivityParameters (private endpoints)')
  if (kind === 'BASIC') {
    const old = before?.kind === 'BASIC' ? before : undefined
    const basic = given.BasicAuthParameters
    return {
      kind,
      username: basic?.Username ?? old?.username ?? absent('BasicAuthParameters'),
      password: basic?.Password ?? old?.password ?? absent('BasicAuthParameters'),
    }
  }
  if (kind === 'API_KEY') {
    const old = before?.kind === 'API_KEY' ? before : undefined
    const key = given.ApiKeyAuthParameters
    return {
      kind,
      name: key?.ApiKeyName ?? old?.name ?? absent('ApiKeyAuthParameters'),
      value: key?.ApiKeyValue ?? old?.value ?? absent('ApiKeyAuthParameters'),
    }
  }
  return oauthOf(given, before?.kind === 'OAUTH_CLIENT_CREDENTIALS' ? before : undefined)
}

function oauthOf(
  { OAuthParameters: oauth }: Given,
  old: Extract<Authorization, { kind: 'OAUTH_CLIENT_CREDENTIALS' }> | undefined,
): Authorization {
  return {
    kind: 'OAUTH_CLIENT_CREDENTIALS',
    clientId: oauth?.ClientParameters?.ClientID ?? old?.clientId ?? absent('OAuthParameters'),
    clientSecret: oauth?.ClientParameters?.ClientSecret ?? old?.clientSecret ?? absent('OAuthParameters'),
    endpoint: oauth?.AuthorizationEndpoint ?? old?.endpoint ?? absent('OAuthParameters'),
    method: oauth?.HttpMethod ?? old?.method ?? absent('OAuthParameters'),
    parameters: oauth?.OAuthHttpParameters ?? old?.parameters,
  }
}

function kindOf(text: string): Authorization['kind'] {
  return text === 'BASIC' || text === 'API_KEY' ? text : 'OAUTH_CLIENT_CREDENTIALS'
}

const arnOf = (call: Pick<Call, 'account' | 'region'>, { name, id }: ConnectionRecord): string =>
  connectionArn(call, name, id)

/** Source: EventBridge API, CreateConnection. */
export const createConnection: Operation<Events['CreateConnection'], EventsState> = async (
  input,
  state,
  call,
) => {
  if (input.InvocationConnectivityParameters !== undefined)
    throw notWritten('InvocationConnectivityParameters (private endpoints)')
  const id = uuid(state.ports.random)
  const now = state.now()
  const kind = kindOf(input.AuthorizationType)
  const secret = `${input.Name}/${uuid(state.ports.random)}-${lowerId(state.ports.random, 6)}`
  const record: ConnectionRecord = {
    name: input.Name,
    id,
    state: stateOf(kind),
    description: input.Description,
    kmsKey: input.KmsKeyIdentifier,
    kind,
    authorization: authorizationOf(kind, input.AuthParameters, undefined),
    parameters: input.AuthParameters.InvocationHttpParameters,
    secretArn: `arn:aws:secretsmanager:${call.region}:${call.account}:secret:events!connection/${secret}`,
    createdAt: now,
    changedAt: now,
    authorizedAt: now,
  }
  const owner = ownerParts(call)
  await state.control.tx(async (tx) => {
    if ((await CONNECTIONS.get(tx, owner, record.name)) !== undefined) throw connectionExists(record.name)
    const others = await CONNECTIONS.list(tx, owner, [], { limit: CONNECTIONS_MAX })
    if (others.length >= CONNECTIONS_MAX) throw limitExceeded()
    CONNECTIONS.put(tx, owner, [record.name], record)
  })
  authorizeSoon(state, call, record)
  const { LastAuthorizedTime: _, ...made } = madeOf(call, record)
  return made
}

/** A token has to be fetched first. Source: recorded AWS answers. */
const stateOf = (kind: Authorization['kind']): ConnectionRecord['state'] =>
  kind === 'OAUTH_CLIENT_CREDENTIALS' ? 'AUTHORIZING' : 'AUTHORIZED'

function authorizeSoon(state: EventsState, { account, region }: Call, record: ConnectionRecord): void {
  if (record.state !== 'AUTHORIZING') return
  void state.http.authorize({ account, region }, record.name).catch((error: unknown) => {
    state.ports.log.error('events.connection.defect', { connection: record.name, error: String(error) })
  })
}

const madeOf = (call: Pick<Call, 'account' | 'region'>, record: ConnectionRecord) => ({
  ConnectionArn: arnOf(call, record),
  ConnectionState: record.state,
  CreationTime: instant(record.createdAt),
  LastModifiedTime: instant(record.changedAt),
  LastAuthorizedTime: instant(record.authorizedAt),
})

/** Fault ResourceNotFound. */
async function changed(
  state: EventsState,
  call: Call,
  { name, edit }: { readonly name: string; readonly edit: (record: ConnectionRecord) => ConnectionRecord },
): Promise<ConnectionRecord> {
  const owner = ownerParts(call)
  return await state.control.tx(async (tx) => {
    const before = await CONNECTIONS.get(tx, owner, name)
    if (before === undefined) throw connectionNotFound(name)
    const record = edit(before)
    CONNECTIONS.put(tx, owner, [name], record)
    return record
  })
}

/** What is not named stays. Source: EventBridge API, UpdateConnection. */
export const updateConnection: Operation<Events['UpdateConnection'], EventsState> = async (
  input,
  state,
  call,
) => {
  if (input.InvocationConnectivityParameters !== undefined)
    throw notWritten('InvocationConnectivityParameters (private endpoints)')
  const now = state.now()
  const record = await changed(state, call, {
    name: input.Name,
    edit: (before) => {
      const kind = kindOf(input.AuthorizationType ?? before.kind)
      const { AuthParameters: given } = input
      return {
        ...before,
        kind,
        description: input.Description ?? before.description,
        kmsKey: input.KmsKeyIdentifier ?? before.kmsKey,
        ...(given === undefined
          ? {}
          : {
              state: stateOf(kind),
              why: undefined,
              authorization: authorizationOf(kind, given, before.authorization),
              parameters: given.InvocationHttpParameters ?? before.parameters,
              authorizedAt: now,
            }),
        changedAt: now,
      }
    },
  })
  authorizeSoon(state, call, record)
  return madeOf(call, record)
}

/** Its credentials are gone. Source: EventBridge API, DeauthorizeConnection. */
export const deauthorizeConnection: Operation<Events['DeauthorizeConnection'], EventsState> = async (
  input,
  state,
  call,
) => {
  const record = await changed(state, call, {
    name: input.Name,
    edit: (before) => ({
      ...before,
      authorization: undefined,
      state: 'DEAUTHORIZED',
      changedAt: state.now(),
    }),
  })
  return { ...madeOf(call, record), ConnectionState: 'DEAUTHORIZING' }
}

/** Source: EventBridge API, DeleteConnection. */
export const deleteConnection: Operation<Events['DeleteConnection'], EventsState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerParts(call)
  const record = await state.control.tx(async (tx) => {
    const before = await CONNECTIONS.get(tx, owner, input.Name)
    if (before === undefined) throw connectionNotFound(input.Name)
    CONNECTIONS.delete(tx, owner, input.Name)
    return before
  })
  return { ...madeOf(call, record), ConnectionState: 'DELETING' }
}

/** Values that are secret are not shown. Source: EventBridge API, DescribeConnection. */
function shownParameters(parameters: Parameters | undefined): ConnectionHttpParameters | undefined {
  if (parameters === undefined) return undefined
  const shown = (list: Parameters['HeaderParameters']): Parameters['HeaderParameters'] =>
    list?.map(({ Value, ...each }) => (each.IsValueSecret === true ? each : { ...each, Value }))
  return {
    HeaderParameters: shown(parameters.HeaderParameters),
    QueryStringParameters: shown(parameters.QueryStringParameters),
    BodyParameters: shown(parameters.BodyParameters),
  }
}

function shownAuthorization({
  authorization,
  parameters,
}: ConnectionRecord): ConnectionAuthResponseParameters {
  const added = { InvocationHttpParameters: shownParameters(parameters) }
  switch (authorization?.kind) {
    case undefined:
      return added
    case 'BASIC':
      return { BasicAuthParameters: { Username: authorization.username }, ...added }
    case 'API_KEY':
      return { ApiKeyAuthParameters: { ApiKeyName: authorization.name }, ...added }
    case 'OAUTH_CLIENT_CREDENTIALS':
      return {
        OAuthParameters: {
          ClientParameters: { ClientID: authorization.clientId },
          AuthorizationEndpoint: authorization.endpoint,
          HttpMethod: authorization.method,
          OAuthHttpParameters: shownParameters(authorization.parameters),
        },
        ...added,
      }
    default:
      return authorization satisfies never
  }
}

/** Source: EventBridge API, DescribeConnection. */
export const describeConnection: Operation<Events['DescribeConnection'], EventsState> = async (
  input,
  state,
  call,
) => {
  const record = await CONNECTIONS.get(state.control.read, ownerParts(call), input.Name)
  if (record === undefined) throw noConnectionToDescribe(input.Name)
  return {
    ...madeOf(call, record),
    Name: record.name,
    Description: record.description,
    StateReason: record.why,
    AuthorizationType: record.kind,
    SecretArn: record.secretArn,
    KmsKeyIdentifier: record.kmsKey,
    AuthParameters: shownAuthorization(record),
  }
}

/** Source: EventBridge API, ListConnections. */
export const listConnections: Operation<Events['ListConnections'], EventsState> = async (
  input,
  state,
  call,
) => {
  const { NamePrefix = '', ConnectionState } = input
  const records = await CONNECTIONS.list(state.control.read, ownerParts(call), [], { limit: CONNECTIONS_MAX })
  const all = records
    .filter((each) => each.name.startsWith(NamePrefix) && each.state === (ConnectionState ?? each.state))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  return {
    Connections: items.map((record) => ({
      ...madeOf(call, record),
      Name: record.name,
      StateReason: record.why,
      AuthorizationType: record.kind,
    })),
    NextToken,
  }
}
