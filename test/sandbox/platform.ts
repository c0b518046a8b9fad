/** A platform for platform-end.test.ts: starts two functions, says so, and waits to be killed. */
import { FakeEnvironment, opened, staged } from './fake-lambda.ts'

const [level, mark = ''] = process.argv.slice(2)
const { sandboxes, folder } = await opened(level === 'process' ? { level } : {})
const code = await staged(sandboxes, {
  'index.js': `process.on('SIGTERM', () => {}); exports.handler = async () => { require('child_process').spawn('sleep', ['1000'], { detached: true }) }`,
})
const made = [1, 2].map(
  () => new FakeEnvironment(sandboxes, { runtime: 'nodejs22.x', code, environment: { MARK: mark } }),
)
await Promise.all(made.map((one) => one.invoke({})))
made[0]?.sandbox.freeze()
console.log(folder)
setInterval(() => {}, 1_000)
