/**
 * The platform's signing key: made once, kept in `control`, with a certificate that anybody can fetch. Version 1 signs
 * with SHA1, version 2 with SHA256. Source: SNS developer guide, Verifying the signatures of Amazon SNS messages.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import { hex, utf8 } from '#base/bytes.ts'
import { Records } from '#base/records.ts'
import type { Random } from '#ports/random.ts'
import type { Store } from '#ports/store.ts'
import { selfSigned } from '#services/sns/certificate.ts'

/** AWS's keys have twice as many. A signature is what a publish costs most, and this one guards nothing; verifiers refuse fewer. */
const BITS = 1_024

interface KeyRecord {
  /** PKCS #8, PEM. */
  readonly key: string
  readonly certificate: string
}

const KEYS = new Records<KeyRecord>('sns-signing-key')
/** One key for all accounts and regions, as all accounts of a region share AWS's. */
const OWNER = ['', ''] as const

const newPair = promisify(generateKeyPair)
const signed = promisify(
  (algorithm: string, data: Uint8Array, key: KeyObject, done: (error: Error | null, made: Buffer) => void) =>
    sign(algorithm, data, key, done),
)

export interface SigningKey {
  readonly key: KeyObject
  readonly certificate: string
  /** Where the certificate is served. */
  readonly path: string
}

export class Signer {
  readonly #store: Store
  readonly #random: Random
  #key: Promise<SigningKey> | undefined
  /** The key of before a reset: it stays, and is written again. */
  #kept: KeyRecord | undefined

  constructor(store: Store, random: Random) {
    this.#store = store
    this.#random = random
  }

  /** Made at the first use. */
  async key(): Promise<SigningKey> {
    this.#key ??= this.#load()
    return await this.#key
  }

  /**
   * Base64. Signing goes on beside the event loop: it takes as long as the rest of a publish. Tried and left: two at once
   * at most, so that the disk's syncs find a thread; publishes share fewer syncs then, and each takes a sixth more.
   */
  async sign(text: string, version: '1' | '2'): Promise<string> {
    const { key } = await this.key()
    return (await signed(version === '1' ? 'sha1' : 'sha256', utf8(text), key)).toString('base64')
  }

  forget(): void {
    this.#key = undefined
  }

  async #load(): Promise<SigningKey> {
    const found = await KEYS.get(this.#store.read, OWNER, 'key')
    const record = found ?? this.#kept ?? (await this.#make())
    this.#kept = record
    if (found === undefined) await this.#store.tx((tx) => KEYS.put(tx, OWNER, ['key'], record))
    return keyOf(record)
  }

  async #make(): Promise<KeyRecord> {
    const { privateKey, publicKey } = await newPair('rsa', { modulusLength: BITS })
    const serial = this.#random.bytes(16)
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificate: selfSigned({ privateKey, publicKey, commonName: 'sns.amazonaws.com', serial }),
    }
  }
}

function keyOf(record: KeyRecord): SigningKey {
  const key = createPrivateKey(record.key)
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }))
  const hash = hex(createHash('sha256').update(spki).digest()).slice(0, 32)
  return { key, certificate: record.certificate, path: `/SimpleNotificationService-${hash}.pem` }
}
