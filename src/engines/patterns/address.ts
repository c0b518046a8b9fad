/** IP addresses and the ranges that `cidr` names. */

/** An IPv4 address is a number, an IPv6 address a bigint, so that the two never meet in one range. */
export type Address = number | bigint

export type AddressRange =
  | { readonly family: 4; readonly low: number; readonly high: number }
  | { readonly family: 6; readonly low: bigint; readonly high: bigint }

export type CidrParse =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly reason: string }

export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) return parseV6(text)
  const last = text.charCodeAt(text.length - 1)
  return last >= 48 && last <= 57 ? parseV4(text) : undefined
}

function parseV4(text: string): number | undefined {
  let value = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 48 && unit <= 57) {
      octet = octet * 10 + unit - 48
      digits++
      if (octet > 255) return undefined
    } else if (unit === 46 && digits > 0 && dots < 3) {
      value = value * 256 + octet
      octet = 0
      digits = 0
      dots++
    } else return undefined
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : undefined
}

function parseV6(text: string): bigint | undefined {
  if (!/^[0-9a-fA-F:]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = halves.length === 1 ? head : [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

export function rangeOf(address: Address): AddressRange {
  return typeof address === 'number'
    ? { family: 4, low: address, high: address }
    : { family: 6, low: address, high: address }
}

export function rangeHolds(range: AddressRange, address: Address): boolean {
  if (range.family === 4) return typeof address === 'number' && address >= range.low && address <= range.high
  return typeof address === 'bigint' && address >= range.low && address <= range.high
}

/** Source: recorded AWS answers (`Malformed CIDR, one '/' required` ...); the bounds of the mask: event-ruler, CIDR. */
export function parseCidr(text: string): CidrParse {
  const [ip = '', mask = '', more] = text.split('/')
  if (more !== undefined || mask === '') return refused("Malformed CIDR, one '/' required")
  if (!/^[+-]?\d{1,9}$/.test(mask)) return refused('Malformed CIDR, mask bits must be an integer')
  const bits = Number(mask)
  if (bits < 0) return refused('Malformed CIDR, mask bits must not be negative')
  const address = parseAddress(ip)
  if (address === undefined) {
    const looksRight = /^(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]*:[0-9a-fA-F:]*)$/.test(ip)
    return refused(`${looksRight ? 'Invalid' : 'Nonstandard'} IP address: ${ip}`)
  }
  if (typeof address === 'number') {
    if (bits > 31) return refused('IPv4 mask bits must be < 32')
    const size = 2 ** (32 - bits)
    const low = Math.floor(address / size) * size
    return { ok: true, range: { family: 4, low, high: low + size - 1 } }
  }
  if (bits > 127) return refused('IPv6 mask bits must be < 128')
  const rest = BigInt(128 - bits)
  const low = (address >> rest) << rest
  return { ok: true, range: { family: 6, low, high: low + (1n << rest) - 1n } }
}

const refused = (reason: string): CidrParse => ({ ok: false, reason })
