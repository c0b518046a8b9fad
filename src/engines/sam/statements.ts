/** IAM documents that the transform writes. No names of resources: the callers give them. */
import type { Dict, Value } from '#engines/templates/value.ts'

export const trustOf = (service: string): Dict => ({
  Version: '2012-10-17',
  Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
})

const allow = (PolicyName: string, Action: string, Resource: Value): Dict => ({
  PolicyName,
  PolicyDocument: { Statement: [{ Action, Effect: 'Allow', Resource }] },
})

export const sendToQueue = (arn: Value, id: string): Dict => allow(`${id}SQSPolicy`, 'sqs:SendMessage', arn)
export const publishToTopic = (arn: Value, id: string): Dict => allow(`${id}SNSPolicy`, 'sns:publish', arn)
export const putEvents = (arn: Value, id: string): Dict =>
  allow(`${id}EventBridgePolicy`, 'events:PutEvents', arn)
export const invokeFunction = (arn: Value, id: string): Dict =>
  allow(`${id}LambdaPolicy`, 'lambda:InvokeFunction', arn)
export const startExecution = (arn: Value, id: string): Dict =>
  allow(`${id}StartExecutionPolicy`, 'states:StartExecution', arn)

export const writeToBucket = (arn: Value, id: string): Dict => ({
  PolicyName: `${id}S3Policy`,
  PolicyDocument: {
    Statement: [
      { Action: 's3:PutObject', Effect: 'Allow', Resource: { 'Fn::Join': ['/', [arn, '*']] } },
      { Action: 's3:ListBucket', Effect: 'Allow', Resource: arn },
    ],
  },
})

/** What lets a topic or a rule write into a queue. */
export const queueAccess = (principal: Value, queueArn: Value, sourceArn: Value): Dict => ({
  Version: '2012-10-17',
  Statement: [
    {
      Action: 'sqs:SendMessage',
      Effect: 'Allow',
      Principal: principal,
      Resource: queueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
    },
  ],
})

/** The ARN of a policy that AWS manages; `name` with its path. */
export const managedPolicyArn = (partition: string, name: string): string =>
  `arn:${partition}:iam::aws:policy/${name}`
