/** The handler of each resource type that can be deployed. When you add one, also add its type to `tools/make-resources.ts`. */
import type { ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { customResource } from '#services/cloudformation/resources/custom.ts'
import {
  codedeployApplication,
  codedeployDeploymentConfig,
  codedeployDeploymentGroup,
} from '#services/cloudformation/resources/codedeploy.ts'
import { ecrRepository } from '#services/cloudformation/resources/ecr.ts'
import {
  eventsApiDestination,
  eventsArchive,
  eventsConnection,
  eventsEventBus,
  eventsEventBusPolicy,
  eventsRule,
} from '#services/cloudformation/resources/events.ts'
import {
  httpApiMapping,
  httpAuthorizer,
  httpDomainName,
  httpModel,
  httpVpcLink,
} from '#services/cloudformation/resources/http-api-parts.ts'
import { httpDeployment, httpStage } from '#services/cloudformation/resources/http-api-stages.ts'
import { httpApi, httpIntegration, httpRoute } from '#services/cloudformation/resources/http-api.ts'
import { iamManagedPolicy, iamPolicy } from '#services/cloudformation/resources/iam-policies.ts'
import {
  iamAccessKey,
  iamGroup,
  iamUser,
  iamUserToGroupAddition,
} from '#services/cloudformation/resources/iam-users.ts'
import { iamInstanceProfile, iamRole } from '#services/cloudformation/resources/iam.ts'
import { lambdaCodeSigningConfig } from '#services/cloudformation/resources/lambda-code-signing.ts'
import {
  lambdaEventInvokeConfig,
  lambdaEventSourceMapping,
} from '#services/cloudformation/resources/lambda-events.ts'
import {
  lambdaLayerVersion,
  lambdaLayerVersionPermission,
} from '#services/cloudformation/resources/lambda-layers.ts'
import { lambdaAlias, lambdaVersion } from '#services/cloudformation/resources/lambda-versions.ts'
import { lambdaFunction, lambdaPermission } from '#services/cloudformation/resources/lambda-function.ts'
import { lambdaUrl } from '#services/cloudformation/resources/lambda-url.ts'
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
import {
  snsSubscription,
  snsTopic,
  snsTopicInlinePolicy,
  snsTopicPolicy,
} from '#services/cloudformation/resources/sns.ts'
import { ssmParameter } from '#services/cloudformation/resources/ssm.ts'
import { nestedStack } from '#services/cloudformation/resources/stack.ts'
import { waitCondition, waitConditionHandle } from '#services/cloudformation/resources/wait.ts'
import { sqsQueue, sqsQueueInlinePolicy, sqsQueuePolicy } from '#services/cloudformation/resources/sqs.ts'

/** What exists in name only: what the CDK notes about itself. */
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
  ['AWS::ApiGatewayV2::ApiMapping', httpApiMapping],
  ['AWS::ApiGatewayV2::Authorizer', httpAuthorizer],
  ['AWS::ApiGatewayV2::Deployment', httpDeployment],
  ['AWS::ApiGatewayV2::DomainName', httpDomainName],
  ['AWS::ApiGatewayV2::Integration', httpIntegration],
  ['AWS::ApiGatewayV2::Model', httpModel],
  ['AWS::ApiGatewayV2::Route', httpRoute],
  ['AWS::ApiGatewayV2::Stage', httpStage],
  ['AWS::ApiGatewayV2::VpcLink', httpVpcLink],
  ['AWS::CDK::Metadata', inName],
  ['AWS::CloudFormation::CustomResource', customResource],
  ['AWS::CloudFormation::Stack', nestedStack],
  ['AWS::CloudFormation::WaitCondition', waitCondition],
  ['AWS::CloudFormation::WaitConditionHandle', waitConditionHandle],
  ['AWS::CodeDeploy::Application', codedeployApplication],
  ['AWS::CodeDeploy::DeploymentConfig', codedeployDeploymentConfig],
  ['AWS::CodeDeploy::DeploymentGroup', codedeployDeploymentGroup],
  ['AWS::ECR::Repository', ecrRepository],
  ['AWS::Events::ApiDestination', eventsApiDestination],
  ['AWS::Events::Archive', eventsArchive],
  ['AWS::Events::Connection', eventsConnection],
  ['AWS::Events::EventBus', eventsEventBus],
  ['AWS::Events::EventBusPolicy', eventsEventBusPolicy],
  ['AWS::Events::Rule', eventsRule],
  ['AWS::IAM::AccessKey', iamAccessKey],
  ['AWS::IAM::Group', iamGroup],
  ['AWS::IAM::InstanceProfile', iamInstanceProfile],
  ['AWS::IAM::ManagedPolicy', iamManagedPolicy],
  ['AWS::IAM::Policy', iamPolicy],
  ['AWS::IAM::Role', iamRole],
  ['AWS::IAM::User', iamUser],
  ['AWS::IAM::UserToGroupAddition', iamUserToGroupAddition],
  ['AWS::Lambda::Alias', lambdaAlias],
  ['AWS::Lambda::CodeSigningConfig', lambdaCodeSigningConfig],
  ['AWS::Lambda::EventInvokeConfig', lambdaEventInvokeConfig],
  ['AWS::Lambda::EventSourceMapping', lambdaEventSourceMapping],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::LayerVersion', lambdaLayerVersion],
  ['AWS::Lambda::LayerVersionPermission', lambdaLayerVersionPermission],
  ['AWS::Lambda::Permission', lambdaPermission],
  ['AWS::Lambda::Url', lambdaUrl],
  ['AWS::Lambda::Version', lambdaVersion],
  ['AWS::Logs::LogGroup', logsLogGroup],
  ['AWS::S3::Bucket', s3Bucket],
  ['AWS::S3::BucketPolicy', s3BucketPolicy],
  ['AWS::SNS::Subscription', snsSubscription],
  ['AWS::SNS::Topic', snsTopic],
  ['AWS::SNS::TopicInlinePolicy', snsTopicInlinePolicy],
  ['AWS::SNS::TopicPolicy', snsTopicPolicy],
  ['AWS::SQS::Queue', sqsQueue],
  ['AWS::SQS::QueueInlinePolicy', sqsQueueInlinePolicy],
  ['AWS::SQS::QueuePolicy', sqsQueuePolicy],
  ['AWS::SSM::Parameter', ssmParameter],
])

/** Made by a provider outside. */
export const isCustom = (type: string): boolean =>
  type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'

export const handlerOf = (type: string): ResourceHandler | undefined =>
  isCustom(type) ? customResource : HANDLERS.get(type)

/** Every type that can be deployed, for the console and the documentation. */
export const deployedTypes = (): string[] => [...HANDLERS.keys()]
