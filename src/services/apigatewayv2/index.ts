/** HTTP APIs of API Gateway: the management API, and the data plane of their routes and custom domains. */
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Service } from '#ports/service.ts'
import {
  createApi,
  deleteApi,
  deleteCorsConfiguration,
  getApi,
  getApis,
  updateApi,
} from '#services/apigatewayv2/operations/apis.ts'
import {
  createAuthorizer,
  deleteAuthorizer,
  getAuthorizer,
  getAuthorizers,
  resetAuthorizersCache,
  updateAuthorizer,
} from '#services/apigatewayv2/operations/authorizers.ts'
import {
  createDomainName,
  deleteDomainName,
  getDomainName,
  getDomainNames,
  updateDomainName,
} from '#services/apigatewayv2/operations/domains.ts'
import { exportApi, importApi, reimportApi } from '#services/apigatewayv2/operations/import.ts'
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
  getIntegrations,
  updateIntegration,
} from '#services/apigatewayv2/operations/integrations.ts'
import {
  createApiMapping,
  deleteApiMapping,
  getApiMapping,
  getApiMappings,
  updateApiMapping,
} from '#services/apigatewayv2/operations/mappings.ts'
import {
  createModel,
  deleteModel,
  getModel,
  getModels,
  updateModel,
} from '#services/apigatewayv2/operations/models.ts'
import {
  createRoute,
  deleteRoute,
  getRoute,
  getRoutes,
  updateRoute,
} from '#services/apigatewayv2/operations/routes.ts'
import {
  createDeployment,
  createStage,
  deleteAccessLogSettings,
  deleteDeployment,
  deleteRouteSettings,
  deleteStage,
  getDeployment,
  getDeployments,
  getStage,
  getStages,
  updateDeployment,
  updateStage,
} from '#services/apigatewayv2/operations/stages.ts'
import { getTags, tagResource, untagResource } from '#services/apigatewayv2/operations/tags.ts'
import {
  createVpcLink,
  deleteVpcLink,
  getVpcLink,
  getVpcLinks,
  updateVpcLink,
} from '#services/apigatewayv2/operations/vpc-links.ts'
import { type HttpPorts, HttpState } from '#services/apigatewayv2/state.ts'

export { type HttpDataPlane, httpDataPlane } from '#services/apigatewayv2/data-plane.ts'
export { type HttpPorts, HttpState } from '#services/apigatewayv2/state.ts'

/** Opens nothing but the control file; memory fills at first use. */
export const createApiGatewayV2 = (ports: HttpPorts): HttpState => new HttpState(ports)

/** Resolves when access log lines of the requests until now are written. */
export const stopApiGatewayV2 = async (state: HttpState): Promise<void> => await state.accessLogs.flush()

const operations = {
  CreateApi: createApi,
  CreateApiMapping: createApiMapping,
  CreateAuthorizer: createAuthorizer,
  CreateDeployment: createDeployment,
  CreateDomainName: createDomainName,
  CreateIntegration: createIntegration,
  CreateModel: createModel,
  CreateRoute: createRoute,
  CreateStage: createStage,
  CreateVpcLink: createVpcLink,
  DeleteAccessLogSettings: deleteAccessLogSettings,
  DeleteApi: deleteApi,
  DeleteApiMapping: deleteApiMapping,
  DeleteAuthorizer: deleteAuthorizer,
  DeleteCorsConfiguration: deleteCorsConfiguration,
  DeleteDeployment: deleteDeployment,
  DeleteDomainName: deleteDomainName,
  DeleteIntegration: deleteIntegration,
  DeleteModel: deleteModel,
  DeleteRoute: deleteRoute,
  DeleteRouteSettings: deleteRouteSettings,
  DeleteStage: deleteStage,
  DeleteVpcLink: deleteVpcLink,
  ExportApi: exportApi,
  GetApi: getApi,
  GetApiMapping: getApiMapping,
  GetApiMappings: getApiMappings,
  GetApis: getApis,
  GetAuthorizer: getAuthorizer,
  GetAuthorizers: getAuthorizers,
  GetDeployment: getDeployment,
  GetDeployments: getDeployments,
  GetDomainName: getDomainName,
  GetDomainNames: getDomainNames,
  GetIntegration: getIntegration,
  GetIntegrations: getIntegrations,
  GetModel: getModel,
  GetModels: getModels,
  GetRoute: getRoute,
  GetRoutes: getRoutes,
  GetStage: getStage,
  GetStages: getStages,
  GetTags: getTags,
  GetVpcLink: getVpcLink,
  GetVpcLinks: getVpcLinks,
  ImportApi: importApi,
  ReimportApi: reimportApi,
  ResetAuthorizersCache: resetAuthorizersCache,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateApi: updateApi,
  UpdateApiMapping: updateApiMapping,
  UpdateAuthorizer: updateAuthorizer,
  UpdateDeployment: updateDeployment,
  UpdateDomainName: updateDomainName,
  UpdateIntegration: updateIntegration,
  UpdateModel: updateModel,
  UpdateRoute: updateRoute,
  UpdateStage: updateStage,
  UpdateVpcLink: updateVpcLink,
}

/** Portals, routing rules, mapping templates of models, and what only WebSocket APIs have. */
const NOT_YET = [
  'CreateIntegrationResponse',
  'CreatePortal',
  'CreatePortalProduct',
  'CreateProductPage',
  'CreateProductRestEndpointPage',
  'CreateRouteResponse',
  'CreateRoutingRule',
  'DeleteIntegrationResponse',
  'DeletePortal',
  'DeletePortalProduct',
  'DeletePortalProductSharingPolicy',
  'DeleteProductPage',
  'DeleteProductRestEndpointPage',
  'DeleteRouteRequestParameter',
  'DeleteRouteResponse',
  'DeleteRoutingRule',
  'DisablePortal',
  'GetIntegrationResponse',
  'GetIntegrationResponses',
  'GetModelTemplate',
  'GetPortal',
  'GetPortalProduct',
  'GetPortalProductSharingPolicy',
  'GetProductPage',
  'GetProductRestEndpointPage',
  'GetRouteResponse',
  'GetRouteResponses',
  'GetRoutingRule',
  'ListPortalProducts',
  'ListPortals',
  'ListProductPages',
  'ListProductRestEndpointPages',
  'ListRoutingRules',
  'PreviewPortal',
  'PublishPortal',
  'PutPortalProductSharingPolicy',
  'PutRoutingRule',
  'UpdateIntegrationResponse',
  'UpdatePortal',
  'UpdatePortalProduct',
  'UpdateProductPage',
  'UpdateProductRestEndpointPage',
  'UpdateRouteResponse',
] as const
type NotYet = (typeof NOT_YET)[number]

export const apigatewayv2: Service<ApiGatewayV2, HttpState, NotYet> = {
  name: 'apigatewayv2',
  operations,
  notYet: NOT_YET,
}
