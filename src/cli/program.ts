/** How this program was called, so that what it names as the next step can be pasted as it stands. */
import { DEFAULT_ENDPOINT } from '#cli/client.ts'

/** `npm start --` in a clone, `npx windtunnel` under npx, else the program's own name. */
function program(environment: Readonly<Record<string, string | undefined>>): string {
  const event = environment['npm_lifecycle_event']
  return event === 'start' ? 'npm start --' : event === 'npx' ? 'npx windtunnel' : 'windtunnel'
}

/** The text with each `windtunnel COMMAND` as the user can type it here. */
export function asCalled(text: string): string {
  return text.replaceAll(/\bwindtunnel (?=[a-z])/g, `${program(process.env)} `)
}

/** A command for the platform at that address, with the option where it is not the one that is taken anyway. */
export function forPlatform(command: string, endpoint: string): string {
  const usual = process.env['WINDTUNNEL_ENDPOINT'] ?? DEFAULT_ENDPOINT
  return endpoint === usual ? command : `${command} --endpoint ${endpoint}`
}
