/** The function that an integration's URI names. Pure text; whether the function exists is found when it is called. */
import { parseArn } from '#base/arn.ts'

const PATH = /^path\/2015-03-31\/functions\/(.+)\/invocations$/

/**
 * The function's ARN in `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations`, or the
 * URI itself when it is a function's ARN; undefined when it is neither. Stage variables in it are left as they are.
 */
export function functionArnOf(uri: string): string | undefined {
  const arn = parseArn(uri)
  if (arn === undefined) return undefined
  if (arn.service === 'lambda' && arn.resource.startsWith('function:')) return uri
  if (arn.service !== 'apigateway' || arn.account !== 'lambda') return undefined
  return PATH.exec(arn.resource)?.[1]
}

/** Writes `${stageVariables.name}` out; a variable that is not set becomes empty. Source: developer guide, stage variables. */
export function withStageVariables(text: string, variables: Readonly<Record<string, string>>): string {
  if (!text.includes('${stageVariables.')) return text
  return text.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? '') : '',
  )
}
