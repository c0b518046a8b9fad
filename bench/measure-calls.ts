/** API calls that do next to nothing, over a bare node:http echo: what the wire and the request path cost. */
import { Echo } from './echo.ts'
import { type Figure, type Row, type Settings, interleaved } from './figure.ts'
import { type Call, Driver, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

const CALLS: readonly (readonly [name: string, call: Call])[] = [
  [
    'STS GetCallerIdentity',
    {
      method: 'POST',
      path: '/',
      service: 'sts',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    },
  ],
  ['Lambda GetAccountSettings', { method: 'GET', path: '/2016-08-19/account-settings', service: 'lambda' }],
]

const CONNECTIONS = 16

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const echo = await Echo.start()
  const driver = new Driver()
  const ms = settings.quick ? 300 : 2_000
  try {
    const contenders = [
      [echo.port, CALLS[0]?.[1]] as const,
      ...CALLS.map(([, call]) => [platform.port, call] as const),
    ].map(([port, call]) => async () => {
      if (call === undefined) throw new Error('there are calls')
      const request = requestText(call, port)
      return (await driver.run({ port, request, connections: CONNECTIONS, ms })).perSecond
    })
    await interleaved(1, contenders)
    const [floors = [], ...taken] = await interleaved(settings.quick ? 1 : 5, contenders)
    return CALLS.map(([name], index) => ({
      figure: `${name}, ${CONNECTIONS} connections`,
      unit: 'a s',
      ours: taken[index] ?? [],
      beside: { kind: 'floor', name: 'bare node:http echo', values: floors },
      target: { relation: 'ratio', atLeast: 0.5 },
    }))
  } finally {
    await Promise.all([driver.end(), platform.stop(), echo.stop()])
  }
}

export const calls: Figure = { name: 'calls', measure }
