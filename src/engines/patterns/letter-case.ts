/**
 * Letter case, one UTF-16 unit at a time, so that a comparison that ignores it needs no copy of the value. Characters
 * whose other case has another length, and those beyond the basic plane, are compared as they are.
 */

const UNKNOWN = 0
/** Folded form of each unit, filled when first asked for. */
const FOLDED = new Uint16Array(65_536)

export function foldUnit(unit: number): number {
  if (unit < 128) return unit >= 65 && unit <= 90 ? unit + 32 : unit
  const known = FOLDED[unit] ?? UNKNOWN
  if (known !== UNKNOWN) return known
  const lower = String.fromCharCode(unit).toLowerCase()
  const folded = lower.length === 1 ? lower.charCodeAt(0) : unit
  FOLDED[unit] = folded
  return folded
}

export function foldText(text: string): string {
  let folded = ''
  for (let at = 0; at < text.length; at++) folded += String.fromCharCode(foldUnit(text.charCodeAt(at)))
  return folded
}

/** Whether `value` has `folded` at `from`, letter case aside. */
export function holdsFolded(value: string, folded: string, from: number): boolean {
  if (from < 0 || from + folded.length > value.length) return false
  for (let at = 0; at < folded.length; at++) {
    if (foldUnit(value.charCodeAt(from + at)) !== folded.charCodeAt(at)) return false
  }
  return true
}
