/** Methods and their responses. */
import type { ApiGateway, Method, MethodResponse } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import { filled, own, without } from '#services/apigateway/document.ts'
import { badRequest, conflict, noContentType, noParameter } from '#services/apigateway/faults.ts'
import { checkAuthorization, checkModels, methodFrom } from '#services/apigateway/methods.ts'
import { findMethod, findMethodResponse, keepMethod } from '#services/apigateway/parts.ts'
import { type PatchRule, applyPatches } from '#services/apigateway/patches.ts'
import { resourceAt } from '#services/apigateway/resources.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

export const putMethod: Op<'PutMethod'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const resource = resourceAt(draft, input.resourceId)
    if (own(resource.methods, input.httpMethod) !== undefined) {
      throw conflict('Method already exists for this resource')
    }
    return keepMethod(draft, input, methodFrom(input))
  })

export const getMethod: Op<'GetMethod'> = async (input, state, call) =>
  findMethod(await state.api(call, input.restApiId), input)

export const updateMethod: Op<'UpdateMethod'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    let method = findMethod(draft, input)
    applyPatches(
      input.patchOperations,
      methodRules((change) => (method = { ...method, ...change(method) })),
      'plain',
    )
    checkAuthorization(method.authorizationType ?? 'NONE')
    return keepMethod(draft, input, method)
  })

function methodRules(set: (change: (method: Method) => Partial<Method>) => void): PatchRule[] {
  const whole = (path: string, change: (value: string) => Partial<Method>): PatchRule => ({
    path,
    ops: ['replace'],
    run: ({ value }) => set(() => change(value ?? '')),
  })
  return [
    whole('/authorizationType', (authorizationType) => {
      checkAuthorization(authorizationType)
      return { authorizationType }
    }),
    whole('/apiKeyRequired', (value) => ({ apiKeyRequired: value.toLowerCase() === 'true' })),
    whole('/operationName', (operationName) => ({ operationName })),
    whole('/authorizerId', () => {
      throw badRequest(
        'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.',
      )
    }),
    whole('/requestValidatorId', (id) => {
      if (id === '') return {}
      throw badRequest('Invalid Request Validator identifier specified')
    }),
    {
      path: '/requestParameters/',
      ops: ['add', 'replace', 'remove'],
      run: ({ op, name, value }) =>
        set(({ requestParameters: before }) => {
          if (op === 'remove') {
            if (own(before, name) === undefined) throw noParameter()
            return { requestParameters: filled(without(before, name)) }
          }
          return { requestParameters: { ...before, [name]: value?.toLowerCase() === 'true' } }
        }),
    },
    {
      path: '/requestModels/',
      ops: ['add', 'replace', 'remove'],
      run: ({ op, name, value }) =>
        set(({ requestModels: before }) => {
          if (op === 'remove') return { requestModels: filled(without(before, name)) }
          checkModels({ [name]: value ?? '' })
          return { requestModels: { ...before, [name]: value ?? '' } }
        }),
    },
  ]
}

export const deleteMethod: Op<'DeleteMethod'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    findMethod(draft, input)
    const resource = resourceAt(draft, input.resourceId)
    draft.resources[resource.id] = { ...resource, methods: without(resource.methods, input.httpMethod) }
    return {}
  })

export const putMethodResponse: Op<'PutMethodResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft): MethodResponse => {
    const method = findMethod(draft, input)
    if (own(method.methodResponses, input.statusCode) !== undefined) {
      throw conflict('Response already exists for this resource')
    }
    checkModels(input.responseModels)
    for (const name of Object.keys(input.responseParameters ?? {})) {
      if (!/^method\.response\.(multivalue)?header\.\S+$/.test(name)) {
        throw badRequest(`Invalid parameter name specified: ${name}`)
      }
    }
    const { statusCode, responseModels, responseParameters } = input
    const response: MethodResponse = { statusCode, responseModels, responseParameters }
    keepMethod(draft, input, {
      ...method,
      methodResponses: { ...method.methodResponses, [statusCode]: response },
    })
    return response
  })

export const getMethodResponse: Op<'GetMethodResponse'> = async (input, state, call) =>
  findMethodResponse(findMethod(await state.api(call, input.restApiId), input), input.statusCode)

export const updateMethodResponse: Op<'UpdateMethodResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    let response = findMethodResponse(method, input.statusCode)
    applyPatches(
      input.patchOperations,
      [
        {
          path: '/responseParameters/',
          ops: ['add', 'replace', 'remove'],
          run: ({ op, name, value }) => {
            const before = response.responseParameters
            if (op !== 'add' && own(before, name) === undefined) throw noParameter()
            const responseParameters =
              op === 'remove'
                ? filled(without(before, name))
                : { ...before, [name]: value?.toLowerCase() === 'true' }
            response = { ...response, responseParameters }
          },
        },
        {
          path: '/responseModels/',
          ops: ['add', 'replace', 'remove'],
          run: ({ op, name, value }) => {
            const before = response.responseModels
            if (op !== 'add' && own(before, name) === undefined) throw noContentType()
            if (op !== 'remove') checkModels({ [name]: value ?? '' })
            const responseModels =
              op === 'remove' ? filled(without(before, name)) : { ...before, [name]: value ?? '' }
            response = { ...response, responseModels }
          },
        },
      ],
      'plain',
    )
    const methodResponses = { ...method.methodResponses, [input.statusCode]: response }
    keepMethod(draft, input, { ...method, methodResponses })
    return response
  })

export const deleteMethodResponse: Op<'DeleteMethodResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const method = findMethod(draft, input)
    findMethodResponse(method, input.statusCode)
    const methodResponses = filled(without(method.methodResponses, input.statusCode))
    keepMethod(draft, input, { ...method, methodResponses })
    return {}
  })
