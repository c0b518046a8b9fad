/**
 * The modules that AWS puts beside inline code: `cfn-response` for Node.js and `cfnresponse` for Python. Written anew to
 * the documented interface; unlike AWS's they keep to the scheme and port of the address that they answer to.
 * Source: CloudFormation user guide, cfn-response module.
 */

const NODE = `'use strict'
exports.SUCCESS = 'SUCCESS'
exports.FAILED = 'FAILED'
exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    })
    const url = new URL(event.ResponseURL)
    const { request } = require(url.protocol === 'http:' ? 'node:http' : 'node:https')
    const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'PUT', headers }, (response) => {
      response.resume()
      response.on('end', () => {
        context.done?.()
        resolve()
      })
    })
    sent.on('error', (error) => {
      console.log('send(..) failed executing request(..): ' + error)
      context.done?.(error)
      reject(error)
    })
    sent.end(body)
  })
}
`

const PYTHON = `import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps({
        "Status": responseStatus,
        "Reason": reason or "See the details in CloudWatch Log Stream: {}".format(context.log_stream_name),
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }).encode("utf-8")
    headers = {"content-type": "", "content-length": str(len(body))}
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed executing http.request(..):", error)
`

/** The file that goes beside inline code which asks for it. */
export function responseModule(
  runtime: string,
  source: string,
): { readonly name: string; readonly text: string } | undefined {
  if (runtime.startsWith('nodejs') && source.includes('cfn-response'))
    return { name: 'cfn-response.js', text: NODE }
  if (runtime.startsWith('python') && source.includes('cfnresponse'))
    return { name: 'cfnresponse.py', text: PYTHON }
  return undefined
}
