/**
 * Patch operations of the management API: which paths a thing has, which operations each allows, and AWS's texts
 * for the others. What a change means is the caller's: it gives one rule a path.
 */
import type { PatchOperation } from '#model/apigateway.ts'
import { badRequest } from '#services/apigateway/faults.ts'

type Op = 'add' | 'replace' | 'remove'

export interface PatchRule {
  /** `/name`, or `/variables/` with its slash for every name below it. */
  readonly path: string
  readonly ops: readonly Op[]
  /** `name` is what follows the path, decoded; empty for whole paths. */
  run(change: { readonly op: Op; readonly name: string; readonly value: string | undefined }): void
}

/** `listed` names the paths that there are, `plain` only the one that is none. Both are recorded AWS answers. */
export type PatchTexts = 'listed' | 'plain'

/** Applies operations in order. Faults BadRequestException for a path or an operation that a thing does not have. */
export function applyPatches(
  operations: readonly PatchOperation[] | undefined,
  rules: readonly PatchRule[],
  texts: PatchTexts,
): void {
  for (const { op, path, value } of operations ?? []) {
    const found = rules.find((rule) => isFor(rule, path ?? ''))
    if (found === undefined || path === undefined) throw unknownPath(op ?? '', path, { rules, texts })
    const known = found.ops.find((one) => one === op)
    if (known === undefined) throw unsupported(op ?? '', path, { found, texts })
    const name = found.path.endsWith('/') ? unescaped(path.slice(found.path.length)) : ''
    found.run({ op: known, name, value })
  }
}

const isFor = (rule: PatchRule, path: string): boolean =>
  rule.path.endsWith('/') ? path.startsWith(rule.path) && path.length > rule.path.length : path === rule.path

/** JSON pointers write a slash as `~1` and a tilde as `~0`. Source: RFC 6901, section 4. */
export const unescaped = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~')

function unknownPath(
  op: string,
  path: string | undefined,
  known: { readonly rules: readonly PatchRule[]; readonly texts: PatchTexts },
): Error {
  if (known.texts === 'plain') return badRequest(`Invalid patch path ${path ?? 'null'}`)
  const paths = known.rules.filter((rule) => rule.ops.some((one) => one === op)).map((rule) => rule.path)
  if (paths.length === 0) {
    return badRequest(
      `Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`,
    )
  }
  return badRequest(
    `Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${paths.join(', ')}]`,
  )
}

function unsupported(
  op: string,
  path: string,
  known: { readonly found: PatchRule; readonly texts: PatchTexts },
): Error {
  if (known.texts === 'listed') {
    return badRequest(
      `Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`,
    )
  }
  return badRequest(`Invalid patch operation specified. Must be one of: [${known.found.ops.join(', ')}]`)
}
