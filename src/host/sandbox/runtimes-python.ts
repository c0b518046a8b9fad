/** The python runtimes: the interpreters found on this machine, with our own runtime client. */
import { join } from 'node:path'
import { bestOfEach, findPythons, nearest, type Python, versionText } from '#host/sandbox/pythons.ts'
import {
  MIB,
  OUR_RELEASE,
  type PlannedRuntime,
  type RuntimeOptions,
  RUNTIMES_FOLDER,
} from '#host/sandbox/runtime-plan.ts'

const SHARED_BYTES = 7 * MIB

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planPython(
  identifier: string,
  minor: number,
  options: RuntimeOptions,
): Promise<PlannedRuntime> {
  const runnable: Python[] = []
  for (const python of await findPythons()) if (await options.canRun(python.path)) runnable.push(python)
  const found = bestOfEach(runnable)
  const python = nearest(found, minor)
  if (python === undefined) {
    return {
      kind: 'missing',
      reason: 'no Python 3.9 or newer was found on the PATH, in /usr/bin, in pyenv or in uv',
      remedy: `install Python 3.${minor}, such as with \`uv python install 3.${minor}\` or \`pyenv install 3.${minor}\``,
    }
  }
  const isExact = python.minor === minor
  if (!isExact && options.strict) {
    return {
      kind: 'missing',
      reason: `Python 3.${minor} is not on this machine (found: ${found.map(versionText).join(', ')})`,
      remedy: `install Python 3.${minor}, or start without --strict-runtimes`,
    }
  }
  const prefixMounts = python.prefix === '/usr' ? [] : [{ from: python.prefix, to: python.prefix }]
  return {
    kind: 'planned',
    plan: {
      identifier,
      kind: 'python',
      version: `python:3.${python.minor}.v${OUR_RELEASE}`,
      notice: isExact
        ? undefined
        : `${identifier} runs on Python ${versionText(python)}, because Python 3.${minor} is not on this machine`,
      mounts: [
        ...prefixMounts,
        ...['bootstrap.py', 'answers.py', 'imports.py'].map((file) => ({
          from: join(RUNTIMES_FOLDER, 'python', file),
          to: `/var/runtime/${file}`,
        })),
      ],
      links: [],
      command: () => [python.path, '-S', '-X', 'utf8', '/var/runtime/bootstrap.py'],
      environment: {
        _WINDTUNNEL_PYTHON_PATH: `/opt/python/lib/python3.${python.minor}/site-packages:/opt/python:/var/runtime/boto`,
      },
      api: 'unix',
      sharedBytes: SHARED_BYTES,
      python,
      interpreter: python.path,
    },
  }
}
