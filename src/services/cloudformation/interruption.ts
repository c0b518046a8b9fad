/** Thrown inside a deployment when the platform ends: nothing is written any more, and the next start resumes. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What a handler answers that failed for a reason of its own, in CloudFormation's words. */
export class HandlerFailure extends Error {
  override readonly name = 'HandlerFailure'
  /** Of what was made all the same: the rollback takes it away. */
  readonly physicalId: string | undefined

  constructor(message: string, physicalId?: string) {
    super(message)
    this.physicalId = physicalId
  }
}
