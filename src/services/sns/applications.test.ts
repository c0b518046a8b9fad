/** Applications of phones, their endpoints, and settings of text messages: configuration only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { type FakeSns, fakeSns } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const INVALID = 'InvalidParameterException: Invalid parameter: '

async function application(sns: FakeSns): Promise<string> {
  const Attributes = { PlatformCredential: 'secret' }
  const made = await sns.call('CreatePlatformApplication', { Name: 'app', Platform: 'GCM', Attributes })
  return made.PlatformApplicationArn ?? ''
}

test('an application has endpoints, one for each token, and shows no credentials', async () => {
  const sns = fresh()
  const PlatformApplicationArn = await application(sns)
  assert.equal(PlatformApplicationArn, 'arn:aws:sns:us-east-1:000000000000:app/GCM/app')
  const shown = await sns.call('GetPlatformApplicationAttributes', { PlatformApplicationArn })
  assert.deepEqual(shown.Attributes, { Enabled: 'true' })
  const make = { PlatformApplicationArn, Token: 'token', CustomUserData: 'a' }
  const { EndpointArn = '' } = await sns.call('CreatePlatformEndpoint', make)
  assert.deepEqual(await sns.call('CreatePlatformEndpoint', make), { EndpointArn })
  assert.equal(
    await sns.refusal('CreatePlatformEndpoint', { ...make, CustomUserData: 'b' }),
    `${INVALID}Token Reason: Endpoint ${EndpointArn} already exists with the same Token, but different attributes.`,
  )
  await sns.call('SetEndpointAttributes', { EndpointArn, Attributes: { Enabled: 'false', Token: 'other' } })
  const attributes = { Enabled: 'false', CustomUserData: 'a', Token: 'other' }
  assert.deepEqual((await sns.call('GetEndpointAttributes', { EndpointArn })).Attributes, attributes)
  const listed = await sns.call('ListEndpointsByPlatformApplication', { PlatformApplicationArn })
  assert.deepEqual(listed.Endpoints, [{ EndpointArn, Attributes: attributes }])
  assert.match(
    await sns.refusal('Publish', { TargetArn: EndpointArn, Message: 'x' }),
    /^NotImplemented: .*mobile push/,
  )
  await sns.call('DeletePlatformApplication', { PlatformApplicationArn })
  assert.equal(
    await sns.refusal('GetEndpointAttributes', { EndpointArn }),
    'NotFoundException: Endpoint does not exist',
  )
})

test('applications and endpoints are refused as AWS refuses them', async () => {
  const sns = fresh()
  const make = async (Name: string, Platform: string, Attributes = {}): Promise<string> =>
    await sns.refusal('CreatePlatformApplication', { Name, Platform, Attributes })
  assert.equal(await make('', 'ADM'), `${INVALID} Reason: cannot be empty`)
  assert.equal(await make('a', 'AAA'), `${INVALID}Platform Reason: AAA is not supported`)
  assert.equal(
    await make('@name', 'ADM'),
    `${INVALID}@name Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'`,
  )
  assert.equal(
    await make('a', 'ADM', { PlatformPrincipal: 'x' }),
    `${INVALID}Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential`,
  )
  const PlatformApplicationArn = await application(sns)
  assert.equal(
    await sns.refusal('CreatePlatformEndpoint', {
      PlatformApplicationArn,
      Token: 't',
      Attributes: { InvalidKey: 'x' },
    }),
    `${INVALID}Attributes Reason: Invalid attribute name: InvalidKey`,
  )
  assert.equal(
    await sns.refusal('SetEndpointAttributes', { EndpointArn: PlatformApplicationArn, Attributes: {} }),
    `${INVALID}EndpointArn Reason: Wrong number of slashes in relative portion of the ARN.`,
  )
})

test('settings of text messages are kept, and refused as AWS refuses them', async () => {
  const sns = fresh()
  assert.deepEqual((await sns.call('GetSMSAttributes', {})).attributes, { MonthlySpendLimit: '1' })
  await sns.call('SetSMSAttributes', { attributes: { DefaultSMSType: 'Promotional' } })
  assert.deepEqual((await sns.call('GetSMSAttributes', { attributes: ['DefaultSMSType'] })).attributes, {
    DefaultSMSType: 'Promotional',
  })
  const refused = async (attributes: Readonly<Record<string, string>>): Promise<string> =>
    await sns.refusal('SetSMSAttributes', { attributes })
  assert.equal(
    await refused({ InvalidAttribute: 'x' }),
    'InvalidParameterException: InvalidAttribute is not a valid attribute',
  )
  assert.equal(await refused({ DefaultSMSType: 'x' }), 'InvalidParameterException: DefaultSMSType is invalid')
})
