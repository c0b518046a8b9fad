/**
 * Headers that a presigned address carries in its query: presigners move what they sign there, and S3 reads
 * `x-amz-meta-*`, `x-amz-copy-source` and their like from either place. Nothing is verified here.
 * Source: SigV4 reference, query string authentication; behaviour of the SDKs' presigners (hoisted headers).
 */
import { type Pair, pairsOf } from '#wire/uri.ts'

/** The signature's own parameters, which are no headers. */
const OWN = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-signature',
  'x-amz-signedheaders',
])

/**
 * The headers together with those in the query of a presigned request, names in lower case. A header that was sent
 * wins over the same in the query.
 */
export function withHoisted(
  headers: Readonly<Record<string, string>>,
  query: string,
): Readonly<Record<string, string>> {
  if (!/(?:^|&)X-Amz-Signature=/i.test(query)) return headers
  const hoisted = (pairsOf(query) ?? [])
    .map(([name, value]): Pair => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith('x-amz-') && !OWN.has(name))
  return hoisted.length === 0 ? headers : { ...Object.fromEntries(hoisted), ...headers }
}
