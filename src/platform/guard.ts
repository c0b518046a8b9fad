/**
 * Who may drive the platform. It runs code for whoever calls it, so a page in a browser must not: a request whose
 * Host is not a name of this machine (DNS rebinding) or that a foreign page made (Origin, Sec-Fetch-Site) gets 403.
 */
import type { HttpRequest } from '#ports/http.ts'

export interface GuardRules {
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refused'; readonly why: string; readonly remedy: string }

const PASS: Verdict = { kind: 'pass' }

/** Names that a public DNS cannot point elsewhere, and AWS's own, whose DNS an attacker does not hold. */
const LOCAL_HOST =
  /^(?:(?:[a-z0-9_.-]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]|(?:[a-z0-9_.-]+\.)?amazonaws\.com|[a-z0-9_.-]+\.on\.aws)$/

export function guard(request: HttpRequest, rules: GuardRules): Verdict {
  if (!hostAllowed(request.host, rules)) {
    return {
      kind: 'refused',
      why: `The Host "${request.host}" is not a name of this machine.`,
      remedy: 'Call localhost or 127.0.0.1, or start the platform with --allow-host NAME.',
    }
  }
  const origin = request.headers['origin']
  if (origin !== undefined) return originAllowed(origin, rules) ? PASS : foreignPage(origin)
  if (request.headers['sec-fetch-site'] !== 'cross-site') return PASS
  return opensConsole(request) ? PASS : foreignPage('another site')
}

function hostAllowed(host: string, rules: GuardRules): boolean {
  return LOCAL_HOST.test(host) || rules.allowedHosts.includes(host)
}

/** Pages on this machine may call whatever port they are served from; `null` is a sandboxed frame of anybody's. */
function originAllowed(origin: string, rules: GuardRules): boolean {
  if (rules.allowedOrigins.includes(origin)) return true
  const found = /^https?:\/\/(\[[0-9a-f:]+\]|[^/:]+)(?::\d+)?$/i.exec(origin)
  const host = found?.[1]?.toLowerCase()
  return host !== undefined && /^(?:(?:[a-z0-9_.-]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host)
}

/** A link to the console may stand anywhere: opening it only shows a page. */
function opensConsole(request: HttpRequest): boolean {
  return (
    request.method === 'GET' &&
    request.headers['sec-fetch-mode'] === 'navigate' &&
    /^\/_windtunnel\/(?:[\w.-]+\.html)?$/.test(request.path)
  )
}

function foreignPage(origin: string): Verdict {
  return {
    kind: 'refused',
    why: `A page of ${origin} may not call this platform.`,
    remedy: 'If the page is yours, start the platform with --allow-origin ORIGIN.',
  }
}
