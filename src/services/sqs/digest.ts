/** The MD5s of SQS answers: of a body and of attributes. Source: SQS developer guide, Calculating the MD5 message digest for message attributes. */
import { Buffer } from 'node:buffer'
import { createHash, hash } from 'node:crypto'
import type { ContentAttribute } from '#services/sqs/message.ts'

export const md5OfBody = (body: string): string => hash('md5', body, 'hex')

const STRING = 1
const BINARY = 2

/** Names in order of their code units; each name, type and value with its length before it. */
export function md5OfAttributes(attributes: Readonly<Record<string, ContentAttribute>>): string {
  const digest = createHash('md5')
  const part = (bytes: Buffer): void => {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    digest.update(length)
    digest.update(bytes)
  }
  for (const name of Object.keys(attributes).sort()) {
    const attribute = attributes[name]
    if (attribute === undefined) continue
    const { DataType, StringValue, BinaryValue } = attribute
    part(Buffer.from(name))
    part(Buffer.from(DataType))
    digest.update(Buffer.of(BinaryValue === undefined ? STRING : BINARY))
    part(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64'))
  }
  return digest.digest('hex')
}
