/**
 * JSON records in an ordered store: one `Records<T>` is one kind of thing (`function`, `bucket`), keyed by a tuple
 * that begins with account and region. Structural, so that it knows no port.
 */
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { type KeyPart, keyOf, keysBelow } from '#base/key.ts'
import { present } from '#base/assert.ts'

interface Reading {
  get(key: Bytes): Bytes | undefined | Promise<Bytes | undefined>
  range(range: { from: Bytes; to: Bytes; limit: number; reverse?: boolean }): Pairs | Promise<Pairs>
}
interface Writing extends Reading {
  put(key: Bytes, value: Bytes): void
  delete(key: Bytes): void
}
type Pairs = readonly (readonly [Bytes, Bytes])[]

/** Where a listing goes on and how far; `after` is the key tuple of the last record seen. */
export interface Listing {
  readonly limit: number
  readonly after?: readonly KeyPart[] | undefined
}

export class Records<T> {
  /** Second to last part of each key: `[...owner, kind, ...name]` keeps the kinds of one account and region apart. */
  readonly kind: string

  constructor(kind: string) {
    this.kind = kind
  }

  /** The key of one record: owner is account and region, name what identifies it there. */
  key(owner: readonly KeyPart[], name: readonly KeyPart[]): Bytes {
    return keyOf(...owner, this.kind, ...name)
  }

  async get(from: Reading, owner: readonly KeyPart[], ...name: readonly KeyPart[]): Promise<T | undefined> {
    const bytes = await from.get(this.key(owner, name))
    return bytes === undefined ? undefined : this.decode(bytes)
  }

  put(to: Writing, owner: readonly KeyPart[], name: readonly KeyPart[], record: T): void {
    to.put(this.key(owner, name), this.encode(record))
  }

  delete(from: Writing, owner: readonly KeyPart[], ...name: readonly KeyPart[]): void {
    from.delete(this.key(owner, name))
  }

  /** Records whose name begins with these parts, in key order. */
  async list(
    from: Reading,
    owner: readonly KeyPart[],
    name: readonly KeyPart[],
    listing: Listing,
  ): Promise<T[]> {
    const below = keysBelow(...owner, this.kind, ...name)
    const start =
      listing.after === undefined ? below.from : keysBelow(...owner, this.kind, ...listing.after).to
    const entries = await from.range({ from: start, to: below.to, limit: listing.limit })
    return entries.map(([, value]) => this.decode(value))
  }

  encode(record: T): Bytes {
    return utf8(JSON.stringify(record))
  }

  /** The store holds only what `encode` wrote: the cast is the decoder's. */
  decode(bytes: Bytes): T {
    return present(JSON.parse(text(bytes)), 'a record is never null') as T
  }
}
