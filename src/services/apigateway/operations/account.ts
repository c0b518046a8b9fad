/** The account's settings: the role for logs is stored; nothing is written with it yet. */
import type { Account, ApiGateway } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import { applyPatches } from '#services/apigateway/patches.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

export const getAccount: Op<'GetAccount'> = (_input, state, call) => state.account(call)

export const updateAccount: Op<'UpdateAccount'> = (input, state, call) =>
  state.changeAccount(call, (before) => {
    let account: Account = before
    applyPatches(
      input.patchOperations,
      [
        {
          path: '/cloudwatchRoleArn',
          ops: ['add', 'replace', 'remove'],
          run: ({ op, value }) => {
            const cloudwatchRoleArn = op === 'remove' || value === '' ? undefined : value
            account = { ...account, cloudwatchRoleArn }
          },
        },
        {
          path: '/features/',
          ops: ['add'],
          run: ({ value }) => {
            account = { ...account, features: [...(account.features ?? []), value ?? ''] }
          },
        },
      ],
      'plain',
    )
    return account
  })
