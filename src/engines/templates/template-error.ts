/**
 * What is wrong with a template, in CloudFormation's words. Thrown inside this folder and by its callers' evaluations;
 * the CloudFormation service turns it into a ValidationError or into the reason of a failed resource.
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** Ends an evaluation. The message is AWS's own where one is known. */
export function refuse(message: string): never {
  throw new TemplateError(message)
}
