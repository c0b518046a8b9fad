/** The ruby runtimes: the interpreters found on this machine, with our own runtime client. AWS's gems are not brought. */
import { join } from 'node:path'
import { findRubies, type Ruby, rubyFor } from '#host/sandbox/rubies.ts'
import {
  MIB,
  OUR_RELEASE,
  type PlannedRuntime,
  type RuntimeOptions,
  type RuntimePlan,
  RUNTIMES_FOLDER,
} from '#host/sandbox/runtime-plan.ts'

const SHARED_BYTES = 5 * MIB

/** Faults: none; what cannot run is `missing`, with the remedy. */
export async function planRuby(
  identifier: string,
  minor: number,
  options: RuntimeOptions,
): Promise<PlannedRuntime> {
  const found: Ruby[] = []
  for (const ruby of await findRubies()) if (await options.canRun(ruby.path)) found.push(ruby)
  const ruby = rubyFor(found, minor)
  if (ruby === undefined || (ruby.minor !== minor && options.strict)) {
    const versions = found.map(({ version }) => version).join(', ')
    return {
      kind: 'missing',
      reason: `no Ruby 3.${minor} is on this machine (found: ${versions === '' ? 'none' : versions})`,
      remedy:
        ruby === undefined
          ? `install Ruby 3.${minor}, such as with \`rbenv install 3.${minor}\` or \`apt-get install ruby\``
          : `install Ruby 3.${minor}, or start without --strict-runtimes`,
    }
  }
  return { kind: 'planned', plan: rubyPlan(identifier, minor, ruby) }
}

function rubyPlan(identifier: string, minor: number, ruby: Ruby): RuntimePlan {
  // gems are kept by the version that they were installed with: those of the function's own are tried on a stand-in too
  const versions = new Set([ruby.minor, minor].map((each) => `3.${each}.0`))
  const gems = [...versions].flatMap((version) => [
    `/var/task/vendor/bundle/ruby/${version}`,
    `/opt/ruby/gems/${version}`,
  ])
  return {
    identifier,
    kind: 'ruby',
    version: `ruby:3.${ruby.minor}.v${OUR_RELEASE}`,
    notice:
      ruby.minor === minor
        ? undefined
        : `${identifier} runs on Ruby ${ruby.version}, because Ruby 3.${minor} is not on this machine`,
    mounts: [
      ...(ruby.prefix === '/usr' ? [] : [{ from: ruby.prefix, to: ruby.prefix }]),
      { from: join(RUNTIMES_FOLDER, 'ruby/bootstrap.rb'), to: '/var/runtime/bootstrap.rb' },
    ],
    links: [],
    command: () => [ruby.path, '/var/runtime/bootstrap.rb'],
    environment: { _WINDTUNNEL_RUBY_GEMS: gems.join(':'), _WINDTUNNEL_RUBY_LIB: '/opt/ruby/lib' },
    api: 'unix',
    sharedBytes: SHARED_BYTES,
    python: undefined,
    interpreter: ruby.path,
  }
}
