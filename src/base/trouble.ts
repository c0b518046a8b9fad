/** The machine's trouble: a disk that is full, a program that is missing. Caught in `host` and `cli`, never answered as a Fault. */
export class Trouble extends Error {
  override readonly name = 'Trouble'
  /** To which thing: a file and line, a function, a resource. */
  readonly thing: string
  /** What the user can do next. */
  readonly remedy: string

  constructor(what: string, thing: string, remedy: string) {
    super(what)
    this.thing = thing
    this.remedy = remedy
  }
}
