/** A small application that needs no build: one function behind an HTTP API, its address as an output, and flights. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.handler
      Runtime: nodejs24.x
      MemorySize: 256
      Events:
        Get: { Type: HttpApi, Properties: { Path: /hello, Method: get } }
Outputs:
  Url:
    Value: !Sub "https://\${ServerlessHttpApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/hello"
`

const HANDLER = `
export const handler = async (event) => {
  if (event.fail) throw new Error('as asked')
  console.log('hello from the function')
  return { statusCode: 200, body: 'hello' }
}`

const flight = (ratePerS: number, seconds: number, budget: string): string => `
name: hello
template: template.yaml
load: [{ constant: { rate: ${ratePerS}, duration: ${seconds}s } }]
targets: [{ route: GET /hello }]
budgets: [${budget}]
`

/** Writes it into the folder: template.yaml, code/, short.yaml, long.yaml and broken.yaml (a budget nobody can keep). */
export function application(folder: string): void {
  mkdirSync(join(folder, 'code'), { recursive: true })
  const files = {
    'template.yaml': TEMPLATE,
    'code/index.mjs': HANDLER,
    'short.yaml': flight(30, 1, 'errors < 1 %'),
    'long.yaml': flight(20, 60, 'errors < 1 %'),
    'broken.yaml': flight(30, 1, 'usd_per_million < 0.01'),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}
