/** Templates: GetTemplate, GetTemplateSummary, ValidateTemplate. */
import type {
  CloudFormation,
  GetTemplateSummaryOutput,
  ParameterDeclaration as Declared,
} from '#model/cloudformation.ts'
import { declaredParameters } from '#engines/templates/parameters.ts'
import { transformsOf } from '#engines/templates/template.ts'
import { type Dict, dictAt, memberOf, scalarText, textAt } from '#engines/templates/value.ts'
import type { Call, Operation } from '#ports/service.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { currentTemplate, stackOf, templateOf } from '#services/cloudformation/journal.ts'
import { findChangeSet } from '#services/cloudformation/change-set-lookup.ts'
import { asValidation, capabilitiesOf, parsedTemplate } from '#services/cloudformation/prepare.ts'
import { ownerOf } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'
import { templateText, type TemplateSource } from '#services/cloudformation/template-source.ts'
import type { TemplateRecord } from '#services/cloudformation/records.ts'

/** A stack under review has no template yet: the answer has none (inferred). Source: CloudFormation API, GetTemplate. */
export const getTemplate: Operation<CloudFormation['GetTemplate'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const record = await requested(state, call, input)
  if (record === undefined) return { StagesAvailable: [] }
  const processed = input.TemplateStage === 'Processed'
  return {
    TemplateBody: processed && record.transformed ? JSON.stringify(record.processed) : record.original,
    StagesAvailable: ['Original', 'Processed'],
  }
}

async function requested(
  state: CloudFormationState,
  call: Call,
  input: { readonly StackName?: string | undefined; readonly ChangeSetName?: string | undefined },
): Promise<TemplateRecord | undefined> {
  const owner = ownerOf(call)
  if (input.ChangeSetName !== undefined) {
    const set = await findChangeSet(state, owner, input.ChangeSetName, input.StackName)
    const found = await templateOf(state, owner, set.stack, set.record.uuid)
    if (found === undefined) throw validationError(`ChangeSet ${input.ChangeSetName} has no template`)
    return found
  }
  if (input.StackName === undefined) throw validationError('StackName or ChangeSetName must be specified.')
  const stack = await stackOf(state, owner, input.StackName)
  if (stack.status === 'REVIEW_IN_PROGRESS') return undefined
  return await currentTemplate(state, owner, stack)
}

async function given(
  state: CloudFormationState,
  call: Call,
  input: TemplateSource,
): Promise<string | undefined> {
  return await templateText(input, state.ports.api, {
    account: call.account,
    region: call.region,
    span: call.span,
  })
}

/** Macros ask for the auto-expand capability; what they make is not looked at here. Source: CloudFormation API, GetTemplateSummary. */
function acknowledgements(body: Dict): Pick<GetTemplateSummaryOutput, 'Capabilities' | 'CapabilitiesReason'> {
  const transforms = transformsOf(body)
  const { needed, types } = capabilitiesOf(body)
  const all = [...needed, ...(transforms.length > 0 ? ['CAPABILITY_AUTO_EXPAND'] : [])]
  if (all.length === 0) return {}
  const reason =
    types.length > 0
      ? `The following resource(s) require capabilities: [${types.join(', ')}]`
      : `The following transform(s) are used: [${transforms.join(', ')}]`
  return { Capabilities: all, CapabilitiesReason: reason }
}

function declarations(body: Dict): Declared[] {
  return asValidation(() => declaredParameters(body)).map((one) => ({
    ParameterKey: one.name,
    DefaultValue: one.fallback,
    ParameterType: one.type,
    NoEcho: one.noEcho,
    Description: one.description,
    ParameterConstraints: one.allowedValues.length === 0 ? {} : { AllowedValues: [...one.allowedValues] },
  }))
}

export const getTemplateSummary: Operation<
  CloudFormation['GetTemplateSummary'],
  CloudFormationState
> = async (input, state, call) => {
  if (input.StackSetName !== undefined) throw validationError('Windtunnel does not support stack sets yet.')
  const text =
    (await given(state, call, input)) ??
    (input.StackName === undefined
      ? undefined
      : (await requested(state, call, { StackName: input.StackName }))?.original)
  if (text === undefined) {
    throw validationError('Either Stack Name or Template URL or Template Body must be specified.')
  }
  const { body } = parsedTemplate(text)
  const transforms = transformsOf(body)
  const metadata = dictAt(body, 'Metadata')
  const types = Object.values(dictAt(body, 'Resources') ?? {}).map((one) => textAt(one, 'Type') ?? '')
  return {
    Parameters: declarations(body),
    Description: textAt(body, 'Description'),
    ...acknowledgements(body),
    ResourceTypes: [...new Set(types)],
    Version: scalarText(memberOf(body, 'AWSTemplateFormatVersion')),
    Metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
    ...(transforms.length === 0 ? {} : { DeclaredTransforms: transforms }),
  }
}

/** Form only: types and properties are looked at when a stack is made. Source: CloudFormation API, ValidateTemplate. */
export const validateTemplate: Operation<CloudFormation['ValidateTemplate'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const text = await given(state, call, input)
  if (text === undefined) throw validationError('Either Template URL or Template Body must be specified.')
  const { body } = parsedTemplate(text)
  const transforms = transformsOf(body)
  return {
    Parameters: declarations(body).map(({ ParameterKey, DefaultValue, NoEcho, Description }) => ({
      ParameterKey,
      DefaultValue,
      NoEcho,
      Description,
    })),
    Description: textAt(body, 'Description'),
    ...acknowledgements(body),
    ...(transforms.length === 0 ? {} : { DeclaredTransforms: transforms }),
  }
}
