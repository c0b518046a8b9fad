/** Addresses in networks, IPv4 and IPv6, as the operators IpAddress and NotIpAddress compare them. Pure. */

interface Address {
  readonly bits: bigint
  readonly width: 32 | 128
}

function v4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

function v6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const isOpen = halves.length === 2
  const groups = isOpen
    ? [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail]
    : head
  if (groups.length !== 8 || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

function addressOf(text: string): Address | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text
  const four = v4(mapped)
  if (four !== undefined) return { bits: four, width: 32 }
  const six = v6(text)
  return six === undefined ? undefined : { bits: six, width: 128 }
}

/** `203.0.113.0/24` holds `203.0.113.9`; a network without a length is one address. What cannot be read holds nothing. */
export function inNetwork(text: string, network: string): boolean {
  const [base = '', length] = network.split('/')
  const address = addressOf(text)
  const first = addressOf(base)
  if (address === undefined || first === undefined || address.width !== first.width) return false
  const { width } = first
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > width)) return false
  const rest = BigInt(width - (length === undefined ? width : Number(length)))
  return address.bits >> rest === first.bits >> rest
}
