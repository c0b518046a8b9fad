/**
 * Which runtimes this machine can run, by AWS's identifiers: each kind is a file of its own. What a runtime needs beyond its
 * interpreter (the AWS SDK, boto3) is `brought.ts`; how it is shut in is `confinement.ts`.
 */
import { planCustom } from '#host/sandbox/runtimes-custom.ts'
import { planJava } from '#host/sandbox/runtimes-java.ts'
import { planNode } from '#host/sandbox/runtimes-node.ts'
import { planPython } from '#host/sandbox/runtimes-python.ts'
import { planRuby } from '#host/sandbox/runtimes-ruby.ts'
import type { PlannedRuntime, RuntimeOptions } from '#host/sandbox/runtime-plan.ts'

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planRuntime(identifier: string, options: RuntimeOptions): Promise<PlannedRuntime> {
  const node = /^nodejs(\d+)\.x$/.exec(identifier)?.[1]
  if (node !== undefined) return planNode(identifier, Number(node), options)
  const python = /^python3\.(\d+)$/.exec(identifier)?.[1]
  if (python !== undefined) return planPython(identifier, Number(python), options)
  const java = /^java(\d+)(\.al2)?$/.exec(identifier)?.[1]
  if (java !== undefined) return planJava(identifier, Number(java), options)
  const ruby = /^ruby3\.(\d+)$/.exec(identifier)?.[1]
  if (ruby !== undefined) return planRuby(identifier, Number(ruby), options)
  if (identifier === 'provided.al2023' || identifier === 'provided.al2') return planCustom(identifier)
  return notHere(identifier)
}

/** Languages whose runtimes are not here, and what runs them all the same. */
function notHere(identifier: string): PlannedRuntime {
  if (/^dotnet\d+$/.test(identifier))
    return {
      kind: 'missing',
      reason: `the runtime ${identifier} is not on this platform: the .NET interface client has to be compiled into the function here`,
      remedy:
        "publish the function as an executable named bootstrap (`dotnet publish -r linux-x64 --self-contained`, with Amazon.Lambda.RuntimeSupport's LambdaBootstrapBuilder) and use provided.al2023",
    }
  return {
    kind: 'missing',
    reason: `the runtime ${identifier} is not on this platform`,
    remedy:
      'use a Node.js, Python, Java, Ruby or provided.al2023 runtime, or a bootstrap of your own for this language',
  }
}
