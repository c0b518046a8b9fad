/** Regular expressions inside filter patterns, between percent signs. */
import { badPattern } from '#services/logs/faults.ts'

/** AWS allows a small part of regular expressions; repetition of groups, which could run for ever, is not in it. */
export function safeRegex(source: string): RegExp {
  if (/\)\s*[*+{]|\(\?/.test(source)) throw badPattern()
  try {
    return new RegExp(source)
  } catch {
    throw badPattern()
  }
}
