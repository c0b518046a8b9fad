/**
 * Which properties of a template name local code, and how the uploaded package is written in their place.
 * Source: AWS CLI reference, `cloudformation package`, the list of properties it uploads.
 */
import { type Dict, dictAt, isDict, memberOf, textAt } from '#engines/templates/value.ts'

export interface Artifact {
  readonly logicalId: string
  readonly type: string
  readonly property: string
  /** As the template gives it, relative to the template. */
  readonly path: string
  /** Folders are zipped; single files such as a state machine's definition are uploaded as they are. */
  readonly zipped: boolean
  readonly resource: Dict
}

interface Row {
  readonly property: string
  readonly zipped: boolean
  /** How the uploaded object is named there: one `s3://` text, or an object with these members. */
  readonly form: 'url' | { readonly bucket: string; readonly key: string }
}

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'AWS::Serverless::Function': [{ property: 'CodeUri', zipped: true, form: 'url' }],
  'AWS::Serverless::LayerVersion': [{ property: 'ContentUri', zipped: true, form: 'url' }],
  'AWS::Serverless::Api': [{ property: 'DefinitionUri', zipped: false, form: 'url' }],
  'AWS::Serverless::HttpApi': [{ property: 'DefinitionUri', zipped: false, form: 'url' }],
  'AWS::Serverless::StateMachine': [{ property: 'DefinitionUri', zipped: false, form: 'url' }],
  'AWS::Lambda::Function': [{ property: 'Code', zipped: true, form: { bucket: 'S3Bucket', key: 'S3Key' } }],
  'AWS::Lambda::LayerVersion': [
    { property: 'Content', zipped: true, form: { bucket: 'S3Bucket', key: 'S3Key' } },
  ],
  'AWS::ApiGateway::RestApi': [
    { property: 'BodyS3Location', zipped: false, form: { bucket: 'Bucket', key: 'Key' } },
  ],
}

/** Local artifacts, `Globals.Function.CodeUri` given to every function that has none of its own. */
export function artifactsOf(template: Dict): Artifact[] {
  const found: Artifact[] = []
  const shared = textAt(dictAt(dictAt(template, 'Globals'), 'Function'), 'CodeUri')
  for (const [logicalId, resource] of Object.entries(dictAt(template, 'Resources') ?? {})) {
    if (!isDict(resource)) continue
    const type = textAt(resource, 'Type') ?? ''
    for (const row of Object.hasOwn(ROWS, type) ? (ROWS[type] ?? []) : []) {
      const properties = dictAt(resource, 'Properties') ?? {}
      const inherits =
        type === 'AWS::Serverless::Function' &&
        memberOf(properties, 'InlineCode') === undefined &&
        textAt(properties, 'PackageType') !== 'Image'
      const path = localPath(memberOf(properties, row.property) ?? (inherits ? (shared ?? '.') : undefined))
      if (path !== undefined)
        found.push({ logicalId, type, property: row.property, path, zipped: row.zipped, resource })
    }
  }
  return found
}

/** Text that is no address: `s3://`, `https://` and objects are left as they are. */
function localPath(value: unknown): string | undefined {
  if (typeof value !== 'string' || /^(s3|https?):\/\//.test(value)) return undefined
  return value
}

/** Puts the uploaded object in the place of the local path. */
export function replace(artifact: Artifact, object: { readonly bucket: string; readonly key: string }): void {
  const row = ROWS[artifact.type]?.find((candidate) => candidate.property === artifact.property)
  const properties = dictAt(artifact.resource, 'Properties') ?? (artifact.resource['Properties'] = {})
  if (row === undefined) return
  properties[row.property] =
    row.form === 'url'
      ? `s3://${object.bucket}/${object.key}`
      : { [row.form.bucket]: object.bucket, [row.form.key]: object.key }
}
