/** Systems Manager's Parameter Store. The rest of Systems Manager is in `notYet`. */
import type { Ssm } from '#model/ssm.ts'
import type { Service } from '#ports/service.ts'
import { NOT_YET } from '#services/ssm/not-yet.ts'
import { deleteParameter, deleteParameters } from '#services/ssm/operations/delete-parameters.ts'
import { describeParameters, getParameterHistory } from '#services/ssm/operations/describe-parameters.ts'
import { getParameter, getParameters, getParametersByPath } from '#services/ssm/operations/get-parameters.ts'
import { labelParameterVersion, unlabelParameterVersion } from '#services/ssm/operations/labels.ts'
import { putParameter } from '#services/ssm/operations/put-parameter.ts'
import {
  addTagsToResource,
  listTagsForResource,
  removeTagsFromResource,
} from '#services/ssm/operations/tags.ts'
import type { SsmState } from '#services/ssm/records.ts'

export { createSsm, type SsmPorts, type SsmState } from '#services/ssm/records.ts'

export const ssm: Service<Ssm, SsmState, (typeof NOT_YET)[number]> = {
  name: 'ssm',
  operations: {
    AddTagsToResource: addTagsToResource,
    DeleteParameter: deleteParameter,
    DeleteParameters: deleteParameters,
    DescribeParameters: describeParameters,
    GetParameter: getParameter,
    GetParameterHistory: getParameterHistory,
    GetParameters: getParameters,
    GetParametersByPath: getParametersByPath,
    LabelParameterVersion: labelParameterVersion,
    ListTagsForResource: listTagsForResource,
    PutParameter: putParameter,
    RemoveTagsFromResource: removeTagsFromResource,
    UnlabelParameterVersion: unlabelParameterVersion,
  },
  notYet: NOT_YET,
}
