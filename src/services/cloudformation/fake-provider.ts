/** A provider of custom resources for tests: reads what it was asked, puts answers. Never part of a platform. */
import { assert, present } from '#base/assert.ts'
import { text, utf8 } from '#base/bytes.ts'
import { requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import type { DataPlaneCall } from '#ports/data-plane.ts'
import type { Body } from '#ports/http.ts'
import { type FakeCloud, fakeCall, fakePlatform, until } from '#services/cloudformation/fake-ports.ts'
import { cloudformation, responses } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()
export const TOKEN = 'arn:aws:lambda:us-east-1:000000000000:function:provider'

export type Request = Readonly<Record<string, unknown>> & {
  readonly RequestType: string
  readonly RequestId: string
  readonly ResponseURL: string
  readonly PhysicalResourceId?: string
}

export const templateOf = (properties: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    Resources: {
      Thing: { Type: 'Custom::Thing', Properties: { ServiceToken: TOKEN, ...properties } },
      ...more,
    },
    Outputs: {
      Id: { Value: { Ref: 'Thing' } },
      Data: { Value: { 'Fn::GetAtt': ['Thing', 'Data'] } },
    },
  })

/** What the provider was asked, in order. */
export const asked = (cloud: FakeCloud): Request[] =>
  cloud.calls
    .filter(({ operation }) => operation === 'lambda:Invoke')
    .map(({ input }) => {
      assert(input['InvocationType'] === 'Event', 'providers are told by events')
      // The handler has written it.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return JSON.parse(text(input['Payload'] as Uint8Array)) as Request
    })

const bodyOf = (content: string): Body => ({
  length: content.length,
  collect: (limit) => Promise.resolve(content.length > limit ? 'too-large' : utf8(content)),
  stream: async function* () {
    yield await Promise.resolve(utf8(content))
  },
})

export async function put(
  state: CloudFormationState,
  address: string,
  body: unknown,
  method = 'PUT',
): Promise<number> {
  const url = new URL(address)
  const [, id = '', ...rest] = url.pathname.split('/')
  const request = {
    method,
    query: url.search.slice(1),
    body: bodyOf(typeof body === 'string' ? body : JSON.stringify(body)),
  }
  const plane = responses(state)
  assert((await plane.owner(id)) !== undefined, 'the address is one of ours')
  const asked = { request, id, path: `/${rest.join('/')}`, requestId: requestId(seeded(3)) }
  const { status } = await plane.handle(asked as unknown as DataPlaneCall)
  return status
}

export const success = (
  request: Request,
  PhysicalResourceId: string,
  Data: unknown = { Data: 'd' },
): unknown => ({
  Status: 'SUCCESS',
  RequestId: request.RequestId,
  PhysicalResourceId,
  Data,
})

/** The nth request, when it has come. */
export async function nth(cloud: FakeCloud, state: CloudFormationState, n: number): Promise<Request> {
  await until(() => asked(cloud).length >= n && state.waiting.size > 0)
  const found = asked(cloud)[n - 1]
  return present(found, 'it has come')
}

export interface World {
  readonly cloud: FakeCloud
  readonly state: CloudFormationState
  readonly create: (properties?: Record<string, unknown>) => Promise<void>
  readonly status: () => Promise<string>
  readonly reasons: () => Promise<string[]>
}

export function world(made = fakePlatform(), state = made.start()): World {
  return {
    cloud: made.cloud,
    state,
    create: async (properties = {}) =>
      void (await op.CreateStack({ StackName: 'app', TemplateBody: templateOf(properties) }, state, call)),
    status: async () =>
      (await op.DescribeStacks({ StackName: 'app' }, state, call)).Stacks?.[0]?.StackStatus ?? '',
    reasons: async () => {
      const { StackEvents = [] } = await op.DescribeStackEvents({ StackName: 'app' }, state, call)
      return StackEvents.flatMap(({ ResourceStatusReason }) => ResourceStatusReason ?? [])
    },
  }
}
