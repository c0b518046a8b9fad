/** Fn::Cidr: splits an address block into blocks. IPv4 and IPv6, exact in 128 bits. */
import { refuse } from '#engines/templates/template-error.ts'

interface Block {
  readonly address: bigint
  readonly prefix: number
  readonly width: 32 | 128
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) {
    return undefined
  }
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = groups
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => '0'), ...tail]
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n)
}

function blockOf(text: string): Block | undefined {
  const [base = '', length = '', more] = text.split('/')
  const four = ipv4(base)
  const address = four ?? ipv6(base)
  const width = four === undefined ? 128 : 32
  const prefix = Number(length)
  if (address === undefined || more !== undefined || !/^\d+$/.test(length) || prefix > width) return undefined
  const host = BigInt(width - prefix)
  return { address: (address >> host) << host, prefix, width }
}

function print(address: bigint, width: 32 | 128): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((by) => String((address >> by) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((address >> BigInt(112 - 16 * at)) & 65_535n).toString(16),
  )
  const zeros = groups.join(':').match(/(^|:)0(:0)+(?=:|$)/g) ?? []
  const longest = zeros.reduce((a, b) => (b.length > a.length ? b : a), '')
  if (longest === '') return groups.join(':')
  const [before = '', ...after] = groups.join(':').split(longest)
  return `${before}::${after.join(longest).replace(/^:/, '')}`
}

/**
 * `count` blocks (1 to 256) of `cidrBits` host bits each.
 * Source: CloudFormation template reference, Fn::Cidr.
 */
export function cidrBlocks(block: string, count: number, cidrBits: number): string[] {
  const whole = blockOf(block)
  if (whole === undefined) refuse(`Template error: Fn::Cidr: ${block} is not a valid CIDR block`)
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    refuse('Template error: Fn::Cidr: count must be between 1 and 256')
  }
  const prefix = whole.width - cidrBits
  if (!Number.isInteger(cidrBits) || cidrBits < 1 || prefix < whole.prefix) {
    refuse(`Template error: Fn::Cidr: ${cidrBits} bits do not fit into ${block}`)
  }
  if (BigInt(count) > 1n << BigInt(prefix - whole.prefix)) {
    refuse(`Template error: Fn::Cidr: ${block} has no ${count} blocks of ${cidrBits} bits`)
  }
  return Array.from(
    { length: count },
    (_, at) => `${print(whole.address + (BigInt(at) << BigInt(cidrBits)), whole.width)}/${prefix}`,
  )
}
