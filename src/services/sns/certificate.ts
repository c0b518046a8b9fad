/**
 * A self-signed X.509 certificate for a key: the few DER structures that takes, which `node:crypto` reads but does not
 * write. No extensions: nobody checks a chain here, the certificate carries the public key. Source: RFC 5280, 4.1.
 */
import { type KeyObject, sign } from 'node:crypto'
import { type Bytes, base64, concat, utf8 } from '#base/bytes.ts'

const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const NULL = 0x05
const OBJECT_ID = 0x06
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17

function lengthOf(bytes: number): Bytes {
  if (bytes < 0x80) return Uint8Array.of(bytes)
  const digits: number[] = []
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Uint8Array.of(0x80 | digits.length, ...digits)
}

function der(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = concat(parts)
  return concat([Uint8Array.of(tag), lengthOf(content.length), content])
}

/** Arcs in base 128, the first two in one. */
function objectId(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 0x80)
    bytes.push(...digits)
  }
  return der(OBJECT_ID, Uint8Array.from(bytes))
}

const SHA256_WITH_RSA = der(SEQUENCE, objectId('1.2.840.113549.1.1.11'), der(NULL))
const COMMON_NAME = objectId('2.5.4.3')
/** Fixed, so that a moved clock never finds it expired. */
const VALIDITY = der(SEQUENCE, der(UTC_TIME, utf8('200101000000Z')), der(UTC_TIME, utf8('491231235959Z')))

const nameOf = (commonName: string): Bytes =>
  der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, utf8(commonName)))))

export interface CertificateParts {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly commonName: string
  /** At most 19 bytes; the first bit is cleared, so that it is a positive number. */
  readonly serial: Bytes
}

/** PEM text. */
export function selfSigned(parts: CertificateParts): string {
  const name = nameOf(parts.commonName)
  const serial = Uint8Array.from(parts.serial, (byte, i) => (i === 0 ? (byte & 0x3f) | 0x40 : byte))
  const body = der(
    SEQUENCE,
    der(INTEGER, serial),
    SHA256_WITH_RSA,
    name,
    VALIDITY,
    name,
    new Uint8Array(parts.publicKey.export({ type: 'spki', format: 'der' })),
  )
  const signature = new Uint8Array(sign('sha256', body, parts.privateKey))
  const certificate = der(SEQUENCE, body, SHA256_WITH_RSA, der(BIT_STRING, Uint8Array.of(0), signature))
  const lines = base64(certificate).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
