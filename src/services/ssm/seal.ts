/**
 * SecureStrings at rest: AES-256-GCM under a key of this platform for each key id, bound to the parameter's ARN as AWS
 * binds it by the encryption context. Until there is a KMS here the keys are records of the same store.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { assert, present } from '#base/assert.ts'
import { base64, concat, fromBase64, text, utf8 } from '#base/bytes.ts'
import type { Random } from '#ports/random.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { Place } from '#services/ssm/names.ts'
import { keys, ownerOf } from '#services/ssm/records.ts'

/** The key that seals when none is named. Source: Systems Manager API, PutParameter, KeyId. */
export const DEFAULT_KEY_ID = 'alias/aws/ssm'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 1

/** The key of that id, made at its first use. */
export async function sealingKey(tx: Tx, random: Random, place: Place, keyId: string): Promise<Uint8Array> {
  const found = await keyAt(tx, place, keyId)
  if (found !== undefined) return found
  const fresh = random.bytes(32)
  keys.put(tx, ownerOf(place), [keyId], { key: base64(fresh) })
  return fresh
}

export async function keyAt(read: Read, place: Place, keyId: string): Promise<Uint8Array | undefined> {
  const record = await keys.get(read, ownerOf(place), keyId)
  return record === undefined ? undefined : fromBase64(record.key)
}

/** Base64 of format, nonce, tag and cipher text. */
export function seal(value: string, key: Uint8Array, nonce: Uint8Array, arn: string): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(utf8(arn))
  const sealed = concat([cipher.update(utf8(value)), cipher.final()])
  return base64(concat([Uint8Array.of(FORMAT), nonce, cipher.getAuthTag(), sealed]))
}

/** What `seal` sealed under the same key and ARN. */
export function unseal(sealed: string, key: Uint8Array, arn: string): string {
  const bytes = present(fromBase64(sealed), 'a sealed value is base64')
  assert(bytes[0] === FORMAT, 'a sealed value has a known format')
  const from = 1 + NONCE_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, from)).setAAD(utf8(arn))
  decipher.setAuthTag(bytes.subarray(from, from + TAG_BYTES))
  return text(concat([decipher.update(bytes.subarray(from + TAG_BYTES)), decipher.final()]))
}

export const newNonce = (random: Random): Uint8Array => random.bytes(NONCE_BYTES)
