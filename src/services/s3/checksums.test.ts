import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, utf8 } from '#base/bytes.ts'
import {
  type Algorithm,
  ALGORITHMS,
  algorithmOf,
  announcedValue,
  checksumMembers,
  checksumOfParts,
  checksumTypeOf,
  checkValue,
  runningChecksum,
} from '#services/s3/checksums.ts'
import { multipartEtag } from '#services/s3/etag.ts'
import { faultIn } from '#services/s3/fake-ports.ts'

function checksum(algorithm: Algorithm, ...chunks: readonly Uint8Array[]): string {
  const running = runningChecksum(algorithm)
  for (const chunk of chunks) running.update(chunk)
  return running.digest()
}

test('runningChecksum() gives the published check values of "123456789"', () => {
  const check = utf8('123456789')
  assert.equal(checksum('CRC32', check), Buffer.from('cbf43926', 'hex').toString('base64'))
  assert.equal(checksum('CRC32C', check), Buffer.from('e3069283', 'hex').toString('base64'))
  assert.equal(checksum('CRC64NVME', check), Buffer.from('ae8b14860a799888', 'hex').toString('base64'))
  assert.equal(checksum('SHA256', check), createHash('sha256').update(check).digest('base64'))
})

test('runningChecksum() does not depend on where chunks end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
      fc.constantFrom(...ALGORITHMS),
      (chunks, algorithm) =>
        assert.equal(
          checksum(algorithm, ...chunks),
          checksum(algorithm, concat([...chunks, new Uint8Array(0)])),
        ),
    ),
  )
})

test('checksumOfParts() of full objects equals the checksum of the concatenation', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('CRC32' as const, 'CRC32C' as const, 'CRC64NVME' as const),
      (chunks, algorithm) => {
        const parts = chunks.map((chunk) => ({ value: checksum(algorithm, chunk), sizeBytes: chunk.length }))
        assert.equal(checksumOfParts(algorithm, 'FULL_OBJECT', parts).value, checksum(algorithm, ...chunks))
      },
    ),
  )
})

test('checksumOfParts() of composites is the digest of digests with their number', () => {
  const parts = ['a', 'b'].map((part) => ({ value: checksum('SHA256', utf8(part)), sizeBytes: 1 }))
  const both = concat(parts.map((part) => Buffer.from(part.value, 'base64')))
  assert.equal(checksumOfParts('SHA256', 'COMPOSITE', parts).value, `${checksum('SHA256', both)}-2`)
})

test('multipartEtag() is the MD5 of MD5s with their number', () => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  const both = Buffer.from(md5('a') + md5('b'), 'hex')
  assert.equal(multipartEtag([md5('a'), md5('b')]), `${createHash('md5').update(both).digest('hex')}-2`)
})

test('announcedValue() takes one checksum, refuses two and those not computed here', async () => {
  assert.equal(announcedValue({}), undefined)
  assert.deepEqual(announcedValue({ ChecksumSHA1: 'x' }), { algorithm: 'SHA1', value: 'x' })
  assert.equal(
    (await faultIn(() => announcedValue({ ChecksumSHA1: 'x', ChecksumCRC32: 'y' }))).code,
    'InvalidRequest',
  )
  assert.equal((await faultIn(() => announcedValue({ ChecksumXXHASH3: 'x' }))).code, 'NotImplemented')
})

test('algorithmOf() knows names in any case and refuses others', async () => {
  assert.equal(algorithmOf('crc64nvme'), 'CRC64NVME')
  assert.equal(algorithmOf(undefined), undefined)
  assert.equal((await faultIn(() => algorithmOf('md17'))).code, 'InvalidRequest')
  assert.equal((await faultIn(() => algorithmOf('XXHASH64'))).code, 'NotImplemented')
})

test('checkValue() refuses a value of another length', async () => {
  checkValue('CRC32', 'AAAAAA==')
  assert.match(
    (await faultIn(() => checkValue('CRC32', 'AAAA'))).message,
    /x-amz-checksum-crc32 header is invalid/,
  )
})

test('checksumTypeOf() allows what the algorithm can', async () => {
  assert.equal(checksumTypeOf('CRC64NVME', undefined), 'FULL_OBJECT')
  assert.equal(checksumTypeOf('CRC32', undefined), 'COMPOSITE')
  assert.equal(checksumTypeOf('CRC32', 'FULL_OBJECT'), 'FULL_OBJECT')
  assert.equal((await faultIn(() => checksumTypeOf('SHA256', 'FULL_OBJECT'))).code, 'InvalidRequest')
  assert.equal((await faultIn(() => checksumTypeOf('CRC64NVME', 'COMPOSITE'))).code, 'InvalidRequest')
})

test('checksumMembers() names the member after the algorithm', () => {
  for (const algorithm of ALGORITHMS)
    assert.deepEqual(checksumMembers({ algorithm, type: 'FULL_OBJECT', value: 'v' }), {
      [`Checksum${algorithm}`]: 'v',
      ChecksumType: 'FULL_OBJECT',
    })
})
