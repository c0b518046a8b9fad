/** Bodies whose every byte follows from their number, so that a torn one shows. */
import { createHash } from 'node:crypto'

export function bodyOf(number: number): Uint8Array {
  const digest = createHash('sha256').update(`${number}`).digest()
  const body = new Uint8Array(40 + ((number * 37) % 1_200))
  for (let i = 0; i < body.length; i++) body[i] = (digest[i % 32] ?? 0) ^ (i >>> 5)
  return body
}
