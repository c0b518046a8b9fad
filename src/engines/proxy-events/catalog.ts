/**
 * Documents of APIs by id, in memory and in an ordered store: read at first use, replaced after each durable write.
 * One document is one API with all its parts, so that a change is one record and a reader sees no half of it.
 * Structural over the store, as `base/records.ts` is; account and region stand first in every key.
 */
import type { Bytes } from '#base/bytes.ts'
import { type Listing, Records } from '#base/records.ts'

export interface Owner<A extends string = string, R extends string = string> {
  readonly account: A
  readonly region: R
}
interface Reading {
  get(key: Bytes): Bytes | undefined | Promise<Bytes | undefined>
  range(range: { from: Bytes; to: Bytes; limit: number; reverse?: boolean }): Pairs | Promise<Pairs>
}
type Pairs = (readonly [key: Uint8Array, value: Uint8Array])[]
export interface Writing extends Reading {
  put(key: Bytes, value: Bytes): void
  delete(key: Bytes): void
}
interface Storing<W extends Writing> {
  readonly read: Reading
  tx<R>(run: (tx: W) => R | Promise<R>): Promise<R>
}

const keyOwner = (owner: Owner): [string, string] => [owner.account, owner.region]

export class Catalog<D extends { readonly id: string }, O extends Owner, W extends Writing> {
  readonly #store: Storing<W>
  readonly #documents: Records<D>
  /** Ids are unique over all accounts and regions, as the host names made of them are. */
  readonly #owners: Records<O>
  readonly #byId = new Map<string, { readonly owner: O; readonly document: D }>()
  /** Grows with every write, so that a slow read never puts an old document back. */
  #writes = 0

  constructor(kind: string, store: Storing<W>) {
    this.#store = store
    this.#documents = new Records(kind)
    this.#owners = new Records(`${kind}-owner`)
  }

  /** The document and whose it is. */
  async find(id: string): Promise<{ readonly owner: O; readonly document: D } | undefined> {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const before = this.#writes
    const owner = await this.#owners.get(this.#store.read, ['*', '*'], id)
    if (owner === undefined) return undefined
    const document = await this.#documents.get(this.#store.read, keyOwner(owner), id)
    if (document === undefined) return undefined
    const found = { owner, document }
    if (before === this.#writes) this.#byId.set(id, found)
    return found
  }

  /** The document when that account and region own it. */
  async get(owner: O, id: string): Promise<D | undefined> {
    const found = await this.find(id)
    if (found === undefined) return undefined
    const mine = found.owner.account === owner.account && found.owner.region === owner.region
    return mine ? found.document : undefined
  }

  list(owner: O, listing: Listing): Promise<D[]> {
    return this.#documents.list(this.#store.read, keyOwner(owner), [], listing)
  }

  /** Makes a document; `run` may write what belongs to it in the same transaction. */
  async create(owner: O, document: D, run?: (document: D, tx: W) => void): Promise<D> {
    await this.#store.tx((tx) => {
      run?.(document, tx)
      this.#documents.put(tx, keyOwner(owner), [document.id], document)
      this.#owners.put(tx, ['*', '*'], [document.id], owner)
    })
    this.#keep(owner, document)
    return document
  }

  /**
   * Changes a document: `run` gets a copy of its own, changes it and gives back the answer. What it throws leaves
   * everything as it was. `missing` makes the fault for an id that is unknown here.
   */
  async change<R>(
    owner: O,
    id: string,
    missing: () => Error,
    run: (draft: D, tx: W) => R | Promise<R>,
  ): Promise<R> {
    const { draft, answer } = await this.#store.tx(async (tx) => {
      const draft = await this.#documents.get(tx, keyOwner(owner), id)
      if (draft === undefined) throw missing()
      const answer = await run(draft, tx)
      this.#documents.put(tx, keyOwner(owner), [id], draft)
      return { draft, answer }
    })
    this.#keep(owner, draft)
    return answer
  }

  /** Forgets a document; `run` removes what belongs to it. */
  async delete(
    owner: O,
    id: string,
    missing: () => Error,
    run?: (document: D, tx: W) => void,
  ): Promise<void> {
    await this.#store.tx(async (tx) => {
      const document = await this.#documents.get(tx, keyOwner(owner), id)
      if (document === undefined) throw missing()
      run?.(document, tx)
      this.#documents.delete(tx, keyOwner(owner), id)
      this.#owners.delete(tx, ['*', '*'], id)
    })
    this.#writes++
    this.#byId.delete(id)
  }

  /** Drops what is in memory, after the store was emptied. */
  forget(): void {
    this.#writes++
    this.#byId.clear()
  }

  #keep(owner: O, document: D): void {
    this.#writes++
    this.#byId.set(document.id, { owner, document })
  }
}
