/**
 * Receipt handles: which receive of which message, closed by a check so that another queue's handle and a mangled one
 * are told from an old one. Opaque to callers; nothing in it is secret, and nothing depends on its being so.
 */
import { Buffer } from 'node:buffer'
import type { Receipt } from '#services/sqs/step.ts'

const PREFIX = 'AQEB'
const BYTES = 24

export interface HandleOwner {
  readonly secret: number
  readonly generation: number
}

export interface OpenedHandle extends Receipt {
  readonly generation: number
}

export function printReceipt(owner: HandleOwner, receipt: Receipt): string {
  const bytes = Buffer.allocUnsafe(BYTES)
  bytes.writeUInt32BE(owner.generation, 0)
  bytes.writeDoubleBE(receipt.seq, 4)
  bytes.writeUInt32BE(receipt.receive, 12)
  bytes.writeUInt32BE(checkOf(bytes, owner.secret), 16)
  bytes.writeUInt32BE(checkOf(bytes, ~owner.secret), 20)
  return PREFIX + bytes.toString('base64')
}

/** Undefined: no handle of this queue. */
export function openReceipt(secret: number, handle: string): OpenedHandle | undefined {
  if (!handle.startsWith(PREFIX)) return undefined
  const bytes = Buffer.from(handle.slice(PREFIX.length), 'base64')
  if (bytes.length !== BYTES) return undefined
  if (bytes.readUInt32BE(16) !== checkOf(bytes, secret)) return undefined
  if (bytes.readUInt32BE(20) !== checkOf(bytes, ~secret)) return undefined
  return { generation: bytes.readUInt32BE(0), seq: bytes.readDoubleBE(4), receive: bytes.readUInt32BE(12) }
}

/** FNV-1a over the first sixteen bytes, begun with the secret. */
function checkOf(bytes: Buffer, secret: number): number {
  let sum = (0x811c9dc5 ^ secret) >>> 0
  for (let i = 0; i < 16; i++) sum = Math.imul(sum ^ (bytes[i] ?? 0), 0x01000193)
  return sum >>> 0
}
