/**
 * Leads a custom resource's answer to the platform. Published providers (cfn-response, the CDK's own) put it to the
 * host in ResponseURL by https on port 443, whatever the address says; the platform's address is http on a port of its
 * own. Loaded by the first event that has a ResponseURL, so that nobody else pays for it.
 */
'use strict'
const http = require('node:http')
const https = require('node:https')
const { syncBuiltinESMExports } = require('node:module')

const ANSWERS = '/cloudformation-custom-resource-response-'

/** The platform, from the address in the event; nothing is led before it is known. */
let platform

function isAnswer(hostname, path) {
  return platform !== undefined && hostname === platform.hostname && String(path).startsWith(ANSWERS)
}

function led(request) {
  return function (...args) {
    const given = typeof args[0] === 'string' || args[0] instanceof URL ? new URL(args.shift()) : undefined
    const options = typeof args[0] === 'object' && args[0] !== null ? args.shift() : {}
    const hostname = options.hostname ?? options.host ?? given?.hostname
    const path = options.path ?? (given === undefined ? undefined : given.pathname + given.search)
    const rest = given === undefined ? [options, ...args] : [given, options, ...args]
    if (!isAnswer(hostname, path)) return request.apply(this, rest)
    const { agent: _, ...plain } = options
    const there = { ...plain, protocol: 'http:', hostname, host: hostname, port: platform.port, path }
    return http.request(there, ...args)
  }
}

/** From now on answers to events of this address reach the platform. */
exports.lead = function (responseUrl) {
  let url
  try {
    url = new URL(responseUrl)
  } catch {
    return
  }
  if (url.protocol !== 'http:' || !url.pathname.startsWith(ANSWERS)) return
  const first = platform === undefined
  platform = url
  if (!first) return
  https.request = led(https.request)
  https.get = function (...args) {
    const request = https.request(...args)
    request.end()
    return request
  }
  syncBuiltinESMExports()
}
