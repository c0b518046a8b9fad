/** Seeded randomness: xoshiro128** over a splitmix32 seed. One seed reproduces one world; not for secrets. */
const spin = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

export interface SeededRandom {
  /** A fraction in [0, 1) with 32 random bits. */
  next(): number
  /** A whole number in [0, below). */
  below(limit: number): number
  bytes(count: number): Uint8Array
}

function splitmix(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}

/** Source: D. Blackman and S. Vigna, xoshiro128** 1.1. */
export function seeded(seed: number): SeededRandom {
  const mix = splitmix(seed)
  let [a, b, c, d] = [mix(), mix(), mix(), mix()]
  const uint32 = (): number => {
    const out = Math.imul(spin(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = spin(d, 11)
    return out
  }
  return {
    next: () => uint32() / 0x1_0000_0000,
    below: (limit) => Math.floor((uint32() / 0x1_0000_0000) * limit),
    bytes: (count) => {
      const out = new Uint8Array(count)
      for (let i = 0; i < count; i += 4) {
        const word = uint32()
        for (let j = 0; j < 4 && i + j < count; j++) out[i + j] = (word >>> (8 * j)) & 0xff
      }
      return out
    },
  }
}
