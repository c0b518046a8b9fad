/** The certificate is one that others read, and signatures verify with it as AWS documents. */
import assert from 'node:assert/strict'
import { verify, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { fromBase64, text } from '#base/bytes.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, type FakeSns, fakeSns, FUNCTION, QUEUE } from '#services/sns/fake-sns.ts'
import { signingCertificate } from '#services/sns/index.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !holds(); i++) await turn()
  assert.ok(holds())
}

/** Source: SNS developer guide, Verifying the signatures of Amazon SNS messages without SDKs. */
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
}

async function verified(sns: FakeSns, body: unknown, names: readonly string[]): Promise<boolean> {
  const url = new URL(stringAt(body, 'SigningCertURL') ?? stringAt(body, 'SigningCertUrl') ?? '')
  const pem = await signingCertificate(sns.state, url.pathname)
  assert.ok(pem !== undefined)
  const signed = names
    .map((name) => {
      const value = stringAt(body, name)
      return value === undefined ? '' : `${name}\n${value}\n`
    })
    .join('')
  const algorithm = stringAt(body, 'SignatureVersion') === '2' ? 'sha256' : 'sha1'
  const signature = fromBase64(stringAt(body, 'Signature') ?? '') ?? new Uint8Array(0)
  return verify(algorithm, Buffer.from(signed), new X509Certificate(pem).publicKey, signature)
}

test('the certificate is self-signed, valid for long, and the same after a restart', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const { path } = await sns.state.signer.key()
  const pem = await signingCertificate(sns.state, path)
  const certificate = new X509Certificate(pem ?? '')
  assert.ok(certificate.verify(certificate.publicKey))
  assert.equal(certificate.subject, 'CN=sns.amazonaws.com')
  assert.equal(certificate.issuer, certificate.subject)
  assert.ok(certificate.validFromDate.getTime() < 1_600_000_000_000)
  assert.ok(certificate.validToDate.getTime() > 2_500_000_000_000)
  assert.equal(await signingCertificate(sns.state, '/SimpleNotificationService-0.pem'), undefined)
  assert.equal(await signingCertificate(sns.state, '/other.pem'), undefined)
  assert.equal(await signingCertificate(sns.restarted().state, path), pem)
})

test('signatures of both versions verify with the key of the certificate, and only for what was signed', async () => {
  for (const SignatureVersion of ['1', '2']) {
    const sns = fakeSns(memoryStores(), turn)
    const arn = await sns.topic('one', { SignatureVersion })
    await sns.subscribe(arn, 'sqs', QUEUE)
    await sns.subscribe(arn, 'lambda', FUNCTION)
    await sns.call('Publish', { TopicArn: arn, Message: 'héllo\n', Subject: 'greeting' })
    await sns.call('Publish', { TopicArn: arn, Message: 'no subject' })
    await until(() => sns.delivered.length === 4)
    for (const delivery of sns.delivered) {
      const body = parseJson(bodyOf(delivery)) as { Records?: { Sns: unknown }[] }
      const message = body.Records?.[0]?.Sns ?? body
      assert.equal(stringAt(message, 'SignatureVersion'), SignatureVersion)
      assert.ok(await verified(sns, message, SIGNED.Notification))
      assert.ok(!(await verified(sns, { ...message, Message: 'other' }, SIGNED.Notification)))
    }
  }
})

test('confirmations are signed over their own names', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'https', 'https://example.com/hook')
  await until(() => sns.posted.length === 1)
  const body = parseJson(text(sns.posted[0]?.body ?? new Uint8Array(0)))
  assert.equal(stringAt(body, 'Type'), 'SubscriptionConfirmation')
  assert.ok(await verified(sns, body, SIGNED.SubscriptionConfirmation))
})
