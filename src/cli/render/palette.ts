/**
 * Six colours with one meaning each, from the Okabe-Ito set that colour-blind readers tell apart; without colour
 * nothing is lost, because a letter or label says the same.
 */
export interface RenderOptions {
  /** Columns. */
  readonly width: number
  readonly color: boolean
}

export type Meaning = 'warm' | 'cold' | 'waiting' | 'error' | 'downstream' | 'money' | 'strong' | 'faint'

/** Codes of the 256-colour palette nearest to the set. */
const CODES: Readonly<Record<Meaning, string>> = {
  warm: '38;5;32',
  cold: '38;5;214',
  waiting: '38;5;245',
  error: '38;5;166',
  downstream: '38;5;36',
  money: '38;5;175',
  strong: '1',
  faint: '2',
}

export type Paint = (meaning: Meaning | undefined, text: string) => string

export function painter(color: boolean): Paint {
  return (meaning, text) =>
    color && meaning !== undefined && text !== '' ? `\u001b[${CODES[meaning]}m${text}\u001b[0m` : text
}
