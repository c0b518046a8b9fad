/**
 * The one matcher behind EventBridge's event patterns, SNS's filter policies and Lambda's filter criteria: text in, a
 * compiled pattern or AWS's reason against it out. Many patterns against one event: `rule-set.ts`.
 */
import { type Result, failed, ok } from '#base/result.ts'
import { DIALECTS, type Dialect } from '#engines/patterns/dialect.ts'
import { checkLimits, checkSize } from '#engines/patterns/limits.ts'
import { type Branch, parseBranches } from '#engines/patterns/parse.ts'
import { PatternRefused, type PatternProblem } from '#engines/patterns/problem.ts'
import { RuleSet } from '#engines/patterns/rule-set.ts'

export class Pattern {
  readonly text: string
  readonly dialect: Dialect
  /** The pattern with its `$or`s multiplied out. */
  readonly branches: readonly Branch[]
  /** Made at the first match: patterns in a rule set never need it. */
  #alone: RuleSet<null> | undefined

  constructor(text: string, dialect: Dialect, branches: readonly Branch[]) {
    this.text = text
    this.dialect = dialect
    this.branches = branches
  }

  /** Whether it matches a parsed JSON value. What is no JSON object matches nothing. */
  matches(event: unknown): boolean {
    if (this.#alone === undefined) {
      this.#alone = new RuleSet()
      this.#alone.add(null, this)
    }
    return this.#alone.match(event).length > 0
  }

  /** What it demands at and below a top-level name: nothing, values, or (somewhere) nested fields. */
  demandsOf(name: string): 'nothing' | 'values' | 'fields' {
    let demands: 'nothing' | 'values' = 'nothing'
    for (const branch of this.branches) {
      for (const path of branch.keys()) {
        if (path.startsWith(`${name}.`)) return 'fields'
        if (path === name) demands = 'values'
      }
    }
    return demands
  }
}

/**
 * `events`: PutRule, TestEventPattern, CreateArchive. `sns-attributes` and `sns-body`: FilterPolicy by its scope.
 * `lambda`: one Pattern of FilterCriteria. The problem's text for each service: `problem.ts`.
 */
export function compilePattern(text: string, dialect: Dialect): Result<Pattern, PatternProblem> {
  try {
    checkSize(text, dialect)
    const branches = parseBranches(text, DIALECTS[dialect])
    checkLimits(branches, dialect)
    return ok(new Pattern(text, dialect, branches))
  } catch (error) {
    if (error instanceof PatternRefused) return failed(error.problem)
    throw error
  }
}
