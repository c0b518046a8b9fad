/** Tags of buckets and objects: the rules, and the query form of the x-amz-tagging header. Pure. */
import {
  badRequest,
  duplicateTagOfNewBucket,
  invalidArgument,
  invalidTag,
  malformedXml,
} from '#services/s3/faults.ts'
import { BUCKET_TAGS_MAX, OBJECT_TAGS_MAX, TAG_KEY_MAX, TAG_VALUE_MAX } from '#services/s3/limits.ts'

export interface Tag {
  readonly Key: string
  readonly Value: string
}

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** What is said of keys that begin with `aws:`. Source: recorded AWS answers. */
const RESERVED = {
  object: 'Your TagKey cannot be prefixed with aws:',
  bucket: 'System tags cannot be added/updated by requester',
  'new bucket':
    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.',
} as const

/** Faults InvalidTag, BadRequest. Source: S3 user guide, Categorizing objects with tags; recorded AWS answers. */
export function checkTags(tags: readonly Tag[], of: keyof typeof RESERVED): void {
  const max = of === 'object' ? OBJECT_TAGS_MAX : BUCKET_TAGS_MAX
  if (tags.length > max)
    throw badRequest(
      of === 'object'
        ? `Object tags cannot be greater than ${max}`
        : `Bucket tag count cannot be greater than ${max}`,
    )
  const seen = new Set<string>()
  for (const { Key, Value } of tags) {
    if (Key.length === 0 || Key.length > TAG_KEY_MAX || !ALLOWED.test(Key))
      throw invalidTag('The TagKey you have provided is invalid', Key)
    if (Value.length > TAG_VALUE_MAX || !ALLOWED.test(Value))
      throw invalidTag('The TagValue you have provided is invalid', Key, Value)
    if (Key.toLowerCase().startsWith('aws:')) throw invalidTag(RESERVED[of], Key)
    if (seen.has(Key) && of === 'new bucket') throw duplicateTagOfNewBucket()
    if (seen.has(Key)) throw invalidTag('Cannot provide multiple Tags with the same key', Key)
    seen.add(Key)
  }
}

/** Without the tag's `undefined` and further members: what is kept. */
export const plainTags = (tags: readonly Tag[]): Tag[] => tags.map(({ Key, Value }) => ({ Key, Value }))

const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')

/** The `tagging` field of a form, a document, as the header would have it. Fault MalformedXML. Source: S3 API, POST Object. */
export function tagsOfXml(document: string): string {
  const tags = [...document.matchAll(/<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>\s*<\/Tag>/g)]
  if (!/<Tagging[\s>]/.test(document) || tags.length !== document.split('<Tag>').length - 1)
    throw malformedXml()
  return tags
    .map(([, key = '', value = '']) =>
      [key, value].map((part) => encodeURIComponent(unescaped(part))).join('='),
    )
    .join('&')
}

const MALFORMED =
  "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."

/** `a=1&b=2`, percent-encoded. Fault InvalidArgument. Source: S3 API, PutObject, x-amz-tagging. */
export function tagsOfHeader(header: string | undefined): Tag[] | undefined {
  if (header === undefined || header === '') return undefined
  const tags = header
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [key = '', ...value] = pair.split('=')
      return { Key: decoded(key, header), Value: decoded(value.join('='), header) }
    })
  if (new Set(tags.map((tag) => tag.Key)).size < tags.length) throw malformed(header)
  checkTags(tags, 'object')
  return tags
}

function decoded(part: string, header: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    throw malformed(header)
  }
}

const malformed = (header: string): Error => invalidArgument(MALFORMED, 'x-amz-tagging', header)
