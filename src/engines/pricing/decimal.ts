/**
 * Exact decimal numbers for money: a whole number of units and how many digits stand behind the point. Only what a
 * bill needs: adding, multiplying, dividing by numbers that leave no remainder, and one division that says how it rounds.
 */
import { assert } from '#base/assert.ts'

export class Decimal {
  static readonly ZERO = new Decimal(0n, 0)

  readonly #units: bigint
  readonly #scale: number

  private constructor(units: bigint, scale: number) {
    this.#units = units
    this.#scale = scale
  }

  /** From text such as `0.0000166667`, `2e-7` or `-12`. */
  static of(written: string | number | bigint): Decimal {
    const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(String(written))
    assert(match !== null, `"${written}" is no decimal number`)
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
    const units = BigInt(`${sign}${whole}${fraction}`)
    const scale = fraction.length - Number(exponent)
    return scale >= 0 ? new Decimal(units, scale) : new Decimal(units * 10n ** BigInt(-scale), 0)
  }

  get isZero(): boolean {
    return this.#units === 0n
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.#scale, other.#scale)
    return new Decimal(this.#at(scale) + other.#at(scale), scale)
  }

  minus(other: Decimal): Decimal {
    return this.plus(new Decimal(-other.#units, other.#scale))
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.#units * other.#units, this.#scale + other.#scale)
  }

  /** Divides by a whole number made of twos and fives only, so that nothing is rounded. */
  overExactly(divisor: bigint): Decimal {
    let digits = 0
    for (let power = 1n; power % divisor !== 0n; power *= 10n) {
      digits++
      assert(digits <= 64, 'the divisor is made of twos and fives')
    }
    return new Decimal((this.#units * 10n ** BigInt(digits)) / divisor, this.#scale + digits)
  }

  /** Divides, rounded half to even at that many digits behind the point. */
  over(divisor: Decimal, digits: number): Decimal {
    assert(divisor.#units !== 0n, 'nothing is divided by zero')
    const numerator = this.#units * 10n ** BigInt(divisor.#scale + digits)
    const denominator = divisor.#units * 10n ** BigInt(this.#scale)
    return new Decimal(roundedQuotient(numerator, denominator), digits)
  }

  /** Rounded half to even at that many digits behind the point. */
  rounded(digits: number): Decimal {
    if (digits >= this.#scale) return this
    return new Decimal(roundedQuotient(this.#units, 10n ** BigInt(this.#scale - digits)), digits)
  }

  compare(other: Decimal): number {
    const scale = Math.max(this.#scale, other.#scale)
    const [a, b] = [this.#at(scale), other.#at(scale)]
    return a < b ? -1 : a > b ? 1 : 0
  }

  min(other: Decimal): Decimal {
    return this.compare(other) <= 0 ? this : other
  }

  /** All digits, no exponent, no trailing zeros. */
  toString(): string {
    const negative = this.#units < 0n
    const digits = (negative ? -this.#units : this.#units).toString().padStart(this.#scale + 1, '0')
    const whole = digits.slice(0, digits.length - this.#scale)
    const fraction = digits.slice(digits.length - this.#scale).replace(/0+$/, '')
    return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
  }

  /** For drawing and comparing with measured numbers; never for sums of money. */
  toNumber(): number {
    return Number(this.toString())
  }

  #at(scale: number): bigint {
    return this.#units * 10n ** BigInt(scale - this.#scale)
  }
}

function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const sign = numerator < 0n === denominator < 0n ? 1n : -1n
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator]
  const quotient = n / d
  const twice = (n % d) * 2n
  const up = twice > d || (twice === d && quotient % 2n === 1n)
  return sign * (up ? quotient + 1n : quotient)
}
