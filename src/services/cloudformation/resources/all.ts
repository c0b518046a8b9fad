/** The handler of each resource type that can be deployed. When you add one, also add its type to `tools/make-resources.ts`. */
import type { ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  httpApi,
  httpDeployment,
  httpIntegration,
  httpRoute,
  httpStage,
} from '#services/cloudformation/resources/http-api.ts'
import {
  iamInstanceProfile,
  iamManagedPolicy,
  iamPolicy,
  iamRole,
} from '#services/cloudformation/resources/iam.ts'
import { lambdaFunction, lambdaPermission } from '#services/cloudformation/resources/lambda-function.ts'
import { logsLogGroup } from '#services/cloudformation/resources/logs-log-group.ts'
import { restApi } from '#services/cloudformation/resources/rest-api.ts'
import {
  restAccount,
  restGatewayResponse,
  restMethod,
  restResource,
} from '#services/cloudformation/resources/rest-parts.ts'
import { restDeployment, restStage } from '#services/cloudformation/resources/rest-stages.ts'
import { s3Bucket, s3BucketPolicy } from '#services/cloudformation/resources/s3.ts'

/** Things that exist in name only: what the CDK notes about itself, and addresses that nobody signals here. */
const inName: ResourceHandler = {
  create: (context) => Promise.resolve({ physicalId: context.name(100), attributes: {} }),
  update: (_, physicalId) => Promise.resolve({ physicalId, attributes: {} }),
  delete: () => Promise.resolve(),
}

const HANDLERS: ReadonlyMap<string, ResourceHandler> = new Map([
  ['AWS::ApiGateway::Account', restAccount],
  ['AWS::ApiGateway::Deployment', restDeployment],
  ['AWS::ApiGateway::GatewayResponse', restGatewayResponse],
  ['AWS::ApiGateway::Method', restMethod],
  ['AWS::ApiGateway::Resource', restResource],
  ['AWS::ApiGateway::RestApi', restApi],
  ['AWS::ApiGateway::Stage', restStage],
  ['AWS::ApiGatewayV2::Api', httpApi],
  ['AWS::ApiGatewayV2::Deployment', httpDeployment],
  ['AWS::ApiGatewayV2::Integration', httpIntegration],
  ['AWS::ApiGatewayV2::Route', httpRoute],
  ['AWS::ApiGatewayV2::Stage', httpStage],
  ['AWS::CDK::Metadata', inName],
  ['AWS::CloudFormation::WaitConditionHandle', inName],
  ['AWS::IAM::InstanceProfile', iamInstanceProfile],
  ['AWS::IAM::ManagedPolicy', iamManagedPolicy],
  ['AWS::IAM::Policy', iamPolicy],
  ['AWS::IAM::Role', iamRole],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::Permission', lambdaPermission],
  ['AWS::Logs::LogGroup', logsLogGroup],
  ['AWS::S3::Bucket', s3Bucket],
  ['AWS::S3::BucketPolicy', s3BucketPolicy],
])

export const handlerOf = (type: string): ResourceHandler | undefined => HANDLERS.get(type)

/** Every type that can be deployed, for the console and the documentation. */
export const deployedTypes = (): string[] => [...HANDLERS.keys()]
