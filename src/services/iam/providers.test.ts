import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { call, ops, refusal, world } from '#services/iam/fake-world.ts'

test('OpenID Connect providers are kept under their address, without its scheme', async () => {
  const state = world()
  const make = (Url: string, more: object = {}): Promise<string> =>
    refusal(ops.CreateOpenIDConnectProvider({ Url, ...more }, state, call))
  assert.equal(await make('https://issuer.example/a', { ClientIDList: ['x', 'x'] }), 'none')
  assert.match(await make('https://issuer.example/a/'), /^EntityAlreadyExists/)
  for (const url of ['issuer.example', 'http://issuer.example/a', 'http://localhost.example', 'https:///a'])
    assert.equal(await make(url), 'ValidationError: Invalid Open ID Connect Provider URL')
  for (const url of [
    'http://localhost:4566/_aws/sts/000000000000',
    'http://127.0.0.1',
    'http://idp.localhost:8080/',
  ])
    assert.equal(await make(url), 'none')
  assert.match(
    await make('https://b.example', { ThumbprintList: Array(6).fill('a'.repeat(40)) }),
    /fewer than 5/,
  )
  const OpenIDConnectProviderArn = 'arn:aws:iam::000000000000:oidc-provider/issuer.example/a'
  const arn = { OpenIDConnectProviderArn }
  await ops.AddClientIDToOpenIDConnectProvider({ ...arn, ClientID: 'y' }, state, call)
  await ops.RemoveClientIDFromOpenIDConnectProvider({ ...arn, ClientID: 'x' }, state, call)
  const got = await ops.GetOpenIDConnectProvider(arn, state, call)
  assert.deepEqual([got.Url, got.ClientIDList], ['issuer.example/a', ['y']])
  await ops.DeleteOpenIDConnectProvider(arn, state, call)
  await ops.DeleteOpenIDConnectProvider(arn, state, call)
  assert.match(
    await refusal(ops.GetOpenIDConnectProvider(arn, state, call)),
    /OpenIDConnect Provider not found for arn arn:aws:iam/,
  )
})

test('SAML providers keep their metadata', async () => {
  const state = world()
  const SAMLMetadataDocument = `<EntityDescriptor>${'x'.repeat(1_000)}</EntityDescriptor>`
  const { SAMLProviderArn = '' } = await ops.CreateSAMLProvider(
    { Name: 'idp', SAMLMetadataDocument },
    state,
    call,
  )
  const bad = ops.CreateSAMLProvider({ Name: 'bad', SAMLMetadataDocument: 'x'.repeat(1_000) }, state, call)
  assert.match(await refusal(bad), /^InvalidInput/)
  const got = await ops.GetSAMLProvider({ SAMLProviderArn }, state, call)
  assert.equal(got.SAMLMetadataDocument, SAMLMetadataDocument)
  const encrypted = ops.CreateSAMLProvider(
    { Name: 'e', SAMLMetadataDocument, AssertionEncryptionMode: 'Required' },
    state,
    call,
  )
  assert.match(await refusal(encrypted), /^NotImplemented/)
  await ops.DeleteSAMLProvider({ SAMLProviderArn }, state, call)
  assert.match(await refusal(ops.GetSAMLProvider({ SAMLProviderArn }, state, call)), /^NoSuchEntity/)
})

test('Service-linked roles have AWS’s name, are the service’s alone, and go by a task', async () => {
  const state = world()
  const AWSServiceName = 'autoscaling.amazonaws.com'
  const { Role } = await ops.CreateServiceLinkedRole({ AWSServiceName, CustomSuffix: 'x' }, state, call)
  const RoleName = Role?.RoleName ?? ''
  assert.equal(
    Role?.Arn,
    'arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_x',
  )
  const again = ops.CreateServiceLinkedRole({ AWSServiceName, CustomSuffix: 'x' }, state, call)
  assert.match(await refusal(again), /has been taken in this account, please try a different suffix/)
  assert.match(await refusal(ops.DeleteRole({ RoleName }, state, call)), /^UnmodifiableEntity/)
  const { DeletionTaskId } = await ops.DeleteServiceLinkedRole({ RoleName }, state, call)
  const { Status } = await ops.GetServiceLinkedRoleDeletionStatus({ DeletionTaskId }, state, call)
  assert.equal(Status, 'SUCCEEDED')
  assert.match(await refusal(ops.GetRole({ RoleName }, state, call)), /^NoSuchEntity/)
})

test('SSH keys have a fingerprint, and what is no key is refused', async () => {
  const state = world()
  await ops.CreateUser({ UserName: 'bob' }, state, call)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const SSHPublicKeyBody = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const { SSHPublicKey } = await ops.UploadSSHPublicKey({ UserName: 'bob', SSHPublicKeyBody }, state, call)
  assert.match(SSHPublicKey?.Fingerprint ?? '', /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/)
  const bad = ops.UploadSSHPublicKey({ UserName: 'bob', SSHPublicKeyBody: 'ssh-rsa x' }, state, call)
  assert.match(await refusal(bad), /^InvalidPublicKey/)
  const key = { UserName: 'bob', SSHPublicKeyId: SSHPublicKey?.SSHPublicKeyId ?? '' }
  await ops.UpdateSSHPublicKey({ ...key, Status: 'Inactive' }, state, call)
  const { SSHPublicKeys } = await ops.ListSSHPublicKeys({ UserName: 'bob' }, state, call)
  assert.deepEqual(
    SSHPublicKeys?.map((one) => one.Status),
    ['Inactive'],
  )
  await ops.DeleteSSHPublicKey(key, state, call)
})

const CERTIFICATE = 'no certificate'

test('Certificates that are none are refused', async () => {
  const state = world()
  await ops.CreateUser({ UserName: 'bob' }, state, call)
  const server = ops.UploadServerCertificate(
    { ServerCertificateName: 'c', CertificateBody: CERTIFICATE, PrivateKey: 'k' },
    state,
    call,
  )
  assert.match(await refusal(server), /^MalformedCertificate/)
  const signing = ops.UploadSigningCertificate({ UserName: 'bob', CertificateBody: CERTIFICATE }, state, call)
  assert.match(await refusal(signing), /^MalformedCertificate/)
  const none = ops.GetServerCertificate({ ServerCertificateName: 'c' }, state, call)
  assert.match(await refusal(none), /The Server Certificate with name c cannot be found/)
})
