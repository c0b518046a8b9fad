/**
 * Access key ids as AWS prints them: four letters that say what they are, then sixteen that carry the account, so
 * that the account is known without a look-up. Pure. Whose a key is, is IAM's and STS's to know.
 * Source: IAM user guide, Unique identifiers; the layout is that which GetAccessKeyInfo reads (public analysis; inferred).
 */
import { type AccountId, accountId, type RandomBytes } from '#base/ids.ts'

/** How key ids of temporary credentials begin. */
export const TEMPORARY = 'ASIA'
/** How key ids of users begin. */
export const LASTING = 'AKIA'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A key id of the account: ten bytes in base32, the account in bits 1 to 40. */
export function keyIdOf(
  prefix: typeof TEMPORARY | typeof LASTING,
  account: AccountId,
  random: RandomBytes,
): string {
  const tail = random.bytes(5)
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt((tail[0] ?? 0) & 0x7f)
  let value = head
  for (const byte of tail.subarray(1)) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let i = 0; i < 16; i++) {
    text = `${ALPHABET[Number(value & 31n)]}${text}`
    value >>= 5n
  }
  return prefix + text
}

/** The account that a key id carries: twelve digits stand for themselves. Undefined when it carries none. */
export function accountOfKeyId(keyId: string): AccountId | undefined {
  const plain = accountId(keyId)
  if (plain !== undefined) return plain
  if (!/^A(KIA|SIA)[A-Z2-7]{16}$/.test(keyId)) return undefined
  let value = 0n
  for (const letter of keyId.slice(4)) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter))
  const account = (value >> 39n) & ((1n << 40n) - 1n)
  return accountId(account.toString().padStart(12, '0'))
}
