/** Integrations of methods and their responses. What may be put is in `methods.ts`. */
import type { ApiGateway, Integration, IntegrationResponse } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import { filled, own, without } from '#services/apigateway/document.ts'
import { noContentType, noParameter } from '#services/apigateway/faults.ts'
import { checkIntegrationResponse, integrationFrom } from '#services/apigateway/methods.ts'
import {
  findIntegration,
  findIntegrationResponse,
  findMethod,
  keepMethod,
} from '#services/apigateway/parts.ts'
import { type PatchRule, applyPatches } from '#services/apigateway/patches.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

/** Replaces an integration that is there, and takes its responses away. */
export const putIntegration: Op<'PutIntegration'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    const integration = integrationFrom(input, input.resourceId)
    keepMethod(draft, input, { ...method, methodIntegration: integration })
    return integration
  })

export const getIntegration: Op<'GetIntegration'> = async (input, state, call) =>
  findIntegration(findMethod(await state.api(call, input.restApiId), input))

/** The patched integration is checked as a new one. */
export const updateIntegration: Op<'UpdateIntegration'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    let integration = findIntegration(method)
    applyPatches(
      input.patchOperations,
      integrationRules((change) => (integration = { ...integration, ...change(integration) })),
      'plain',
    )
    const { httpMethod, type, integrationResponses, tlsConfig: _, ...rest } = integration
    const checked = integrationFrom(
      { ...rest, type: type ?? 'MOCK', integrationHttpMethod: httpMethod },
      input.resourceId,
    )
    const kept = { ...checked, integrationResponses }
    keepMethod(draft, input, { ...method, methodIntegration: kept })
    return kept
  })

function integrationRules(set: (change: (one: Integration) => Partial<Integration>) => void): PatchRule[] {
  const whole = (path: string, change: (value: string) => Partial<Integration>): PatchRule => ({
    path,
    ops: ['replace'],
    run: ({ value }) => set(() => change(value ?? '')),
  })
  const map = (name: 'requestTemplates' | 'requestParameters'): PatchRule => ({
    path: `/${name}/`,
    ops: ['add', 'replace', 'remove'],
    run: ({ op, name: key, value }) =>
      set((one) => {
        if (op === 'remove' && own(one[name], key) === undefined) {
          throw name === 'requestTemplates' ? noContentType() : noParameter()
        }
        return {
          [name]: op === 'remove' ? filled(without(one[name], key)) : { ...one[name], [key]: value ?? '' },
        }
      }),
  })
  return [
    whole('/uri', (uri) => ({ uri })),
    whole('/httpMethod', (httpMethod) => ({ httpMethod })),
    whole('/credentials', (credentials) => ({ credentials: credentials === '' ? undefined : credentials })),
    whole('/passthroughBehavior', (passthroughBehavior) => ({ passthroughBehavior })),
    whole('/timeoutInMillis', (value) => ({ timeoutInMillis: Number(value) })),
    whole('/cacheNamespace', (cacheNamespace) => ({ cacheNamespace })),
    whole('/contentHandling', (value) => ({ contentHandling: value === '' ? undefined : value })),
    map('requestTemplates'),
    map('requestParameters'),
    {
      path: '/cacheKeyParameters/',
      ops: ['add', 'remove'],
      run: ({ op, name }) =>
        set(({ cacheKeyParameters = [] }) => {
          const others = cacheKeyParameters.filter((one) => one !== name)
          return { cacheKeyParameters: op === 'remove' ? others : [...others, name] }
        }),
    },
  ]
}

export const deleteIntegration: Op<'DeleteIntegration'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    findIntegration(method)
    keepMethod(draft, input, { ...method, methodIntegration: undefined })
    return {}
  })

export const putIntegrationResponse: Op<'PutIntegrationResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft): IntegrationResponse => {
    const method = findMethod(draft, input)
    const integration = findIntegration(method)
    const response: IntegrationResponse = {
      statusCode: input.statusCode,
      selectionPattern: input.selectionPattern,
      responseParameters: input.responseParameters,
      responseTemplates: input.responseTemplates,
      contentHandling: input.contentHandling,
    }
    checkIntegrationResponse(response, method)
    const integrationResponses = { ...integration.integrationResponses, [input.statusCode]: response }
    keepMethod(draft, input, { ...method, methodIntegration: { ...integration, integrationResponses } })
    return response
  })

export const getIntegrationResponse: Op<'GetIntegrationResponse'> = async (input, state, call) =>
  findIntegrationResponse(
    findIntegration(findMethod(await state.api(call, input.restApiId), input)),
    input.statusCode,
  )

export const updateIntegrationResponse: Op<'UpdateIntegrationResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    const integration = findIntegration(method)
    let response = findIntegrationResponse(integration, input.statusCode)
    const map = (name: 'responseParameters' | 'responseTemplates'): PatchRule => ({
      path: `/${name}/`,
      ops: ['add', 'replace', 'remove'],
      run: ({ op, name: key, value }) => {
        const before = response[name]
        if (op === 'remove' && own(before, key) === undefined) {
          throw name === 'responseTemplates' ? noContentType() : noParameter()
        }
        const changed = op === 'remove' ? filled(without(before, key)) : { ...before, [key]: value ?? '' }
        response = { ...response, [name]: changed }
      },
    })
    const pattern: PatchRule = {
      path: '/selectionPattern',
      ops: ['replace'],
      run: ({ value }) => void (response = { ...response, selectionPattern: value }),
    }
    applyPatches(
      input.patchOperations,
      [map('responseParameters'), map('responseTemplates'), pattern],
      'plain',
    )
    checkIntegrationResponse(response, method)
    const integrationResponses = { ...integration.integrationResponses, [input.statusCode]: response }
    keepMethod(draft, input, { ...method, methodIntegration: { ...integration, integrationResponses } })
    return response
  })

export const deleteIntegrationResponse: Op<'DeleteIntegrationResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    const integration = findIntegration(method)
    findIntegrationResponse(integration, input.statusCode)
    const integrationResponses = filled(without(integration.integrationResponses, input.statusCode))
    keepMethod(draft, input, { ...method, methodIntegration: { ...integration, integrationResponses } })
    return {}
  })
