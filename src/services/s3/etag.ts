/** Entity tags: how S3 prints them, compares them, and makes the one of a multipart object. Pure. */
import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { concat } from '#base/bytes.ts'

/** With the quotes that answers carry. */
export const quoted = (etag: string): string => `"${etag}"`
/** Without quotes, as clients send both forms. */
export const unquoted = (etag: string): string => etag.trim().replace(/^"(.*)"$/, '$1')

/** MD5 over the parts' binary MD5s, with the number of parts. Source: S3 user guide, Checking object integrity. */
export function multipartEtag(partMd5s: readonly string[]): string {
  const digests = concat(partMd5s.map((md5) => Buffer.from(md5, 'hex')))
  return `${hash('md5', digests, 'hex')}-${partMd5s.length}`
}

/** True when the list of a conditional header names the tag, or is `*`. Weak tags compare like strong ones. */
export function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((one) => {
    const wanted = unquoted(one.trim().replace(/^W\//, ''))
    return wanted === '*' || wanted === etag
  })
}
