/** The services that the platform knows of: the model's folder, the generated interface, the SDK client's package. */
export interface Source {
  readonly service: string
  readonly type: string
  readonly client: string
}

const row = (service: string, type: string, client: string): Source => ({
  service,
  type,
  client: `@aws-sdk/client-${client}`,
})

export const SOURCES: readonly Source[] = [
  row('lambda', 'Lambda', 'lambda'),
  row('sqs', 'Sqs', 'sqs'),
  row('sns', 'Sns', 'sns'),
  row('events', 'Events', 'eventbridge'),
  row('scheduler', 'Scheduler', 'scheduler'),
  row('pipes', 'Pipes', 'pipes'),
  row('s3', 'S3', 's3'),
  row('dynamodb', 'DynamoDb', 'dynamodb'),
  row('dynamodbstreams', 'DynamoDbStreams', 'dynamodb-streams'),
  row('apigateway', 'ApiGateway', 'api-gateway'),
  row('apigatewayv2', 'ApiGatewayV2', 'apigatewayv2'),
  row('apigatewaymanagementapi', 'ApiGatewayManagementApi', 'apigatewaymanagementapi'),
  row('stepfunctions', 'StepFunctions', 'sfn'),
  row('cloudfront', 'CloudFront', 'cloudfront'),
  row('xray', 'XRay', 'xray'),
  row('cloudwatch', 'CloudWatch', 'cloudwatch'),
  row('logs', 'Logs', 'cloudwatch-logs'),
  row('cloudformation', 'CloudFormation', 'cloudformation'),
  row('sts', 'Sts', 'sts'),
  row('iam', 'Iam', 'iam'),
  row('ssm', 'Ssm', 'ssm'),
  row('ecr', 'Ecr', 'ecr'),
  row('codedeploy', 'CodeDeploy', 'codedeploy'),
]
