/**
 * The services of the platform, one line each. A new service is a line here; what it needs of the others it gets
 * through `api` and `targets`.
 */
import { acceptLambda, createLambda, lambda, lambdaEnvironments, resetLambda, stopLambda } from '#services/lambda/index.ts'
import { createLogs, logs } from '#services/logs/index.ts'
import { createS3, s3 } from '#services/s3/index.ts'
import { createSts, sts } from '#services/sts/index.ts'
import { createIam, iam } from '#services/iam/index.ts'
import { apigateway, createApiGateway, restDataPlane } from '#services/apigateway/index.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import { cloudformation, createCloudFormation } from '#services/cloudformation/index.ts'
