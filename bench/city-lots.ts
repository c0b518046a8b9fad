/**
 * Events of the shape of San Francisco's city lots in GeoJSON (properties of a lot, a polygon of nested coordinates, about
 * 900 bytes), on which event-ruler publishes its figures; and 1,000 rules of each kind over them. All of it follows from the
 * numbers below: no file, no chance.
 */

export interface Lot {
  readonly type: 'Feature'
  readonly properties: Readonly<Record<string, string | null>>
  readonly geometry: {
    readonly type: 'Polygon' | 'MultiPolygon'
    readonly firstCoordinates: Point
    readonly coordinates: readonly (readonly Point[])[]
  }
}

interface Point {
  readonly x: number
  readonly y: number
  readonly z: number
}

const RULES = 1_000
const STREETS = 2_000
const SYLLABLES = 'AC BE CAL DO EL FUL GO HY JEF KE LOM MIS NO OAK PA RH SUT TOM VAL WASH'.split(' ')
const ENDINGS = 'TON SON ING MONT WOOD DALE GATE VIEW LAND FORD'.split(' ')

/** A number below `below` that looks random and is the same for the same seed. */
function scattered(seed: number, below: number): number {
  let mixed = Math.imul(seed ^ 0x5bd1_e995, 0x9e37_79b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) % below
}

const pick = (list: readonly string[], seed: number): string => list[scattered(seed, list.length)] ?? ''

export function streetOf(number: number): string {
  const middle = number % 3 === 0 ? '' : pick(SYLLABLES, number + 7)
  return `${pick(SYLLABLES, number)}${middle}${pick(ENDINGS, number + 13)}${number % 11 === 0 ? ' PARK' : ''}`
}

const blockOf = (number: number): string => String(scattered(number, 7_000)).padStart(4, '0')
const lotOf = (number: number): string => String(number % 217).padStart(3, '0')
const xOf = (seed: number): number => -122.5 + scattered(seed, 1_000_000) / 7_654_321
const yOf = (seed: number): number => 37.7 + scattered(seed + 1, 1_000_000) / 7_123_456
const pointOf = (seed: number): Point => ({ x: xOf(seed), y: yOf(seed), z: 0 })

export function lot(number: number): Lot {
  const block = blockOf(number)
  const lotNumber = lotOf(number)
  const corners = Array.from({ length: 5 + scattered(number, 5) }, (_, at) => pointOf(number * 16 + at))
  return {
    type: 'Feature',
    properties: {
      MAPBLKLOT: `${block}${lotNumber}`,
      BLKLOT: `${block}${lotNumber}`,
      BLOCK_NUM: block,
      LOT_NUM: lotNumber,
      FROM_ST: String(scattered(number, 4_000)),
      TO_ST: String(scattered(number, 4_000)),
      STREET: streetOf(scattered(number + 3, STREETS)),
      ST_TYPE: number % 40 === 0 ? null : pick(['ST', 'AVE', 'BLVD', 'DR', 'WAY'], number),
      ODD_EVEN: number % 2 === 0 ? 'E' : 'O',
    },
    geometry: {
      type: number % 50 === 0 ? 'MultiPolygon' : 'Polygon',
      firstCoordinates: pointOf(number * 16),
      coordinates: [corners],
    },
  }
}

export interface RuleKind {
  readonly name: string
  /** The pattern of the rule of this number. */
  readonly pattern: (number: number) => Record<string, unknown>
}

const street = (condition: unknown): Record<string, unknown> => ({ properties: { STREET: [condition] } })
const mapBlock = (number: number): string => `${blockOf(number)}${lotOf(number)}`
/** Rules name lots from all over the events. */
const spread = (number: number): number => number * 199

export const RULE_KINDS: readonly RuleKind[] = [
  { name: 'exact', pattern: (at) => ({ properties: { MAPBLKLOT: [mapBlock(spread(at))] } }) },
  { name: 'prefix', pattern: (at) => street({ prefix: streetOf(at).slice(0, 5 + (at % 3)) }) },
  { name: 'suffix', pattern: (at) => street({ suffix: streetOf(at).slice(3 - (at % 3)) }) },
  {
    name: 'equals-ignore-case',
    pattern: (at) => street({ 'equals-ignore-case': streetOf(at).toLowerCase() }),
  },
  {
    name: 'numeric',
    pattern: (at) => {
      const low = xOf(spread(at) * 16)
      return { geometry: { firstCoordinates: { x: [{ numeric: ['>=', low, '<', low + 0.000_1] }] } } }
    },
  },
  { name: 'anything-but', pattern: (at) => street({ 'anything-but': [streetOf(at), streetOf(at + 1)] }) },
  {
    name: 'wildcard',
    pattern: (at) => {
      const lotName = mapBlock(spread(at))
      const forms = [
        `${lotName.slice(0, 4)}*`,
        `*${lotName.slice(3)}`,
        `${lotName.slice(0, 3)}*${lotName.slice(5)}`,
        `${lotName.slice(0, 2)}*${lotName.charAt(4)}*${lotName.charAt(6)}`,
      ]
      return { properties: { MAPBLKLOT: [{ wildcard: forms[at % 4] ?? '' }] } }
    },
  },
  {
    name: 'complex arrays',
    pattern: (at) => {
      const { x, y } = pointOf(spread(at) * 16 + (at % 5))
      return {
        geometry: {
          type: ['Polygon'],
          coordinates: { x: [{ numeric: ['=', x] }], y: [{ numeric: ['>', y - 0.01, '<', y + 0.01] }] },
        },
      }
    },
  },
  {
    name: 'several fields',
    pattern: (at) => ({
      type: ['Feature'],
      properties: {
        BLOCK_NUM: [blockOf(spread(at))],
        ST_TYPE: ['ST', 'AVE'],
        STREET: [{ 'anything-but': { prefix: 'OAK' } }],
      },
    }),
  },
]

export const rulesOf = (kind: RuleKind): Record<string, unknown>[] =>
  Array.from({ length: RULES }, (_, at) => kind.pattern(at))
