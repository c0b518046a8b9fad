/** Nominal types over plain values. The only place, beside decoders and tests, where a cast is allowed. */
declare const mark: unique symbol
export type Brand<T, Name extends string> = T & { readonly [mark]: Name }

/** Gives a checked value its nominal type. The caller has validated it. */
export function brand<B extends Brand<string | number, string>>(value: string | number): B {
  return value as B
}
