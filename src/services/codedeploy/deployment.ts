/**
 * A deployment as a machine: its record says what to do next (`nextAct`), what came of it makes the next record
 * (`after`). Pure; acts are repeated after a crash, so each must be harmless twice. Carrying them out is `drive.ts`.
 */
import { type Instant, later } from '#base/time.ts'
import type { DeploymentCreator, ErrorCode, RevisionLocation } from '#model/codedeploy.ts'
import type { HookName, Move } from '#services/codedeploy/app-spec.ts'
import { HOOK_MS } from '#services/codedeploy/limits.ts'
import { nextShiftMs, type Routing, weightAt } from '#services/codedeploy/routing.ts'

/** Source: CodeDeploy user guide, AppSpec "hooks" section, order of hooks in a Lambda deployment. */
export const PHASES = ['Start', 'BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic', 'End'] as const
export type Phase = (typeof PHASES)[number]

export interface LifecycleEvent {
  readonly status: 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'Skipped'
  readonly startedAt?: Instant | undefined
  readonly endedAt?: Instant | undefined
}

export type AutoRollbackEvent =
  | 'DEPLOYMENT_FAILURE'
  | 'DEPLOYMENT_STOP_ON_ALARM'
  | 'DEPLOYMENT_STOP_ON_REQUEST'

export interface AutoRollback {
  readonly enabled: boolean
  readonly events: readonly string[]
}

export interface Deployment {
  readonly id: string
  readonly application: string
  readonly group: string
  readonly configuration: string
  readonly routing: Routing
  readonly revision: RevisionLocation
  readonly previousRevision?: RevisionLocation | undefined
  readonly description?: string | undefined
  readonly creator: DeploymentCreator
  readonly autoRollback: AutoRollback
  /** Undefined when the AppSpec file could not be read: then it has failed. */
  readonly move?: Move | undefined
  readonly hooks: Readonly<Partial<Record<HookName, string>>>
  /** What each hook's function must name when it reports. */
  readonly executionIds: Readonly<Record<HookName, string>>
  readonly createdAt: Instant
  readonly startedAt?: Instant | undefined
  readonly endedAt?: Instant | undefined
  readonly status: 'Created' | 'InProgress' | 'Succeeded' | 'Failed' | 'Stopped'
  readonly phase: Phase
  readonly lifecycle: Readonly<Record<Phase, LifecycleEvent>>
  /** When nobody waits for the running hook any more; absent until its function was called. */
  readonly hookUntil?: Instant | undefined
  /** Percent of the traffic that the target version has. */
  readonly weight: number
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined
  /** Set by StopDeployment. */
  readonly stop?: { readonly rollback: boolean } | undefined
  readonly rollback?:
    | {
        readonly deploymentId?: string | undefined
        readonly triggeredBy?: string | undefined
        readonly message: string
      }
    | undefined
}

export type Act =
  /** See whether the alias is where the AppSpec file says. */
  | { readonly kind: 'check' }
  | { readonly kind: 'invoke'; readonly hook: HookName; readonly functionName: string }
  | { readonly kind: 'shift'; readonly weight: number }
  | { readonly kind: 'wait'; readonly until: Instant }
  /** Nothing outside: the record goes on by itself. */
  | { readonly kind: 'note'; readonly happened: Happened }
  | { readonly kind: 'rest' }

export type Happened =
  | { readonly kind: 'checked' }
  | { readonly kind: 'invoked'; readonly hook: HookName }
  | { readonly kind: 'reported'; readonly hook: HookName; readonly succeeded: boolean }
  | { readonly kind: 'shifted'; readonly weight: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'stopped' }

const PENDING: LifecycleEvent = { status: 'Pending' }

export const freshLifecycle = (): Readonly<Record<Phase, LifecycleEvent>> => ({
  Start: PENDING,
  BeforeAllowTraffic: PENDING,
  AllowTraffic: PENDING,
  AfterAllowTraffic: PENDING,
  End: PENDING,
})

export const isOver = ({ status }: Deployment): boolean => status !== 'Created' && status !== 'InProgress'

const asHook = (phase: Phase): HookName | undefined =>
  phase === 'BeforeAllowTraffic' || phase === 'AfterAllowTraffic' ? phase : undefined

/** What is to be done now. */
export function nextAct(of: Deployment, now: Instant): Act {
  if (isOver(of)) return { kind: 'rest' }
  if (of.stop !== undefined) return { kind: 'note', happened: { kind: 'stopped' } }
  if (of.phase === 'Start') return { kind: 'check' }
  const hook = asHook(of.phase)
  return hook === undefined ? shiftAct(of, now) : hookAct(of, hook, now)
}

function hookAct(of: Deployment, hook: HookName, now: Instant): Act {
  const functionName = of.hooks[hook] ?? ''
  if (of.hookUntil === undefined) return { kind: 'invoke', hook, functionName }
  if (now < of.hookUntil) return { kind: 'wait', until: of.hookUntil }
  return {
    kind: 'note',
    happened: {
      kind: 'failed',
      code: 'HOOK_EXECUTION_FAILURE',
      message: `The deployment failed because the function ${functionName} of the lifecycle event ${hook} did not report a status within one hour.`,
    },
  }
}

function shiftAct({ routing, lifecycle, weight }: Deployment, now: Instant): Act {
  const began = lifecycle.AllowTraffic.startedAt ?? now
  const wanted = weightAt(routing, now - began)
  if (wanted > weight) return { kind: 'shift', weight: wanted }
  const next = nextShiftMs(routing, now - began)
  return { kind: 'wait', until: later(began, next ?? 0) }
}

/** The record after what happened. What does not fit it any more (a second report, a late answer) changes nothing. */
export function after(of: Deployment, happened: Happened, now: Instant): Deployment {
  if (isOver(of)) return of
  switch (happened.kind) {
    case 'checked':
      return of.phase === 'Start' ? onward({ ...of, status: 'InProgress', startedAt: now }, now) : of
    case 'invoked':
      return of.phase === happened.hook && of.hookUntil === undefined
        ? { ...of, hookUntil: later(now, HOOK_MS) }
        : of
    case 'reported':
      if (of.phase !== happened.hook) return of
      return happened.succeeded ? onward(of, now) : fail(of, hookFailure(of, happened.hook), now)
    case 'shifted': {
      if (of.phase !== 'AllowTraffic') return of
      const shifted = { ...of, weight: happened.weight }
      return happened.weight === 100 ? onward(shifted, now) : shifted
    }
    case 'failed':
      return fail(of, happened, now)
    case 'stopped': {
      const message = 'The deployment was stopped by the user.'
      return { ...closed(of, 'Skipped', now), status: 'Stopped', error: { code: 'MANUAL_STOP', message } }
    }
    default:
      return happened satisfies never
  }
}

const hookFailure = (of: Deployment, hook: HookName): { code: ErrorCode; message: string } => ({
  code: 'HOOK_EXECUTION_FAILURE',
  message: `The deployment failed because the function ${of.hooks[hook] ?? ''} of the lifecycle event ${hook} reported that it failed.`,
})

function fail(
  of: Deployment,
  { code, message }: { readonly code: ErrorCode; readonly message: string },
  now: Instant,
): Deployment {
  return { ...closed(of, 'Failed', now), status: 'Failed', error: { code, message } }
}

/** The running lifecycle event ends so, those that follow are skipped. */
function closed(of: Deployment, status: 'Failed' | 'Skipped', now: Instant): Deployment {
  const lifecycle = { ...of.lifecycle }
  const at = PHASES.indexOf(of.phase)
  PHASES.forEach((phase, index) => {
    if (index === at)
      lifecycle[phase] = { startedAt: of.createdAt, ...lifecycle[phase], status, endedAt: now }
    if (index > at) lifecycle[phase] = { status: 'Skipped' }
  })
  return { ...of, lifecycle, hookUntil: undefined, endedAt: now }
}

/** Ends the phase and begins the next that has something to do. */
function onward(of: Deployment, now: Instant): Deployment {
  const lifecycle = { ...of.lifecycle }
  const done = lifecycle[of.phase]
  lifecycle[of.phase] = {
    status: 'Succeeded',
    startedAt: done.startedAt ?? of.startedAt ?? now,
    endedAt: now,
  }
  for (let index = PHASES.indexOf(of.phase) + 1; index < PHASES.length; index++) {
    const phase = PHASES[index] ?? 'End'
    const hook = asHook(phase)
    if (hook !== undefined && of.hooks[hook] === undefined) {
      lifecycle[phase] = { status: 'Skipped' }
      continue
    }
    if (phase === 'End') break
    lifecycle[phase] = { status: 'InProgress', startedAt: now }
    return { ...of, phase, lifecycle, hookUntil: undefined }
  }
  lifecycle.End = { status: 'Succeeded', startedAt: now, endedAt: now }
  return { ...of, phase: 'End', lifecycle, hookUntil: undefined, status: 'Succeeded', endedAt: now }
}

/**
 * True when what it did is to be undone by a deployment of its own. One that found the alias elsewhere has done nothing:
 * `inferred`. Source: CodeDeploy user guide, Redeploy and roll back a deployment.
 */
export function rollsBack({ status, stop, autoRollback, startedAt, creator }: Deployment): boolean {
  if (startedAt === undefined || creator === 'codeDeployRollback') return false
  if (status === 'Stopped') return stop?.rollback === true
  return status === 'Failed' && autoRollback.enabled && autoRollback.events.includes('DEPLOYMENT_FAILURE')
}

/** The way back. It shifts everything at once and calls no hooks: `inferred`, AWS says only that it is a new deployment. */
export function rollbackOf(
  of: Deployment,
  as: { readonly id: string; readonly revision: RevisionLocation; readonly now: Instant },
): Deployment {
  const { move } = of
  return {
    ...of,
    id: as.id,
    configuration: 'CodeDeployDefault.LambdaAllAtOnce',
    routing: { kind: 'all at once' },
    revision: as.revision,
    previousRevision: of.revision,
    description: undefined,
    creator: 'codeDeployRollback',
    move: move && { ...move, currentVersion: move.targetVersion, targetVersion: move.currentVersion },
    hooks: {},
    createdAt: as.now,
    startedAt: undefined,
    endedAt: undefined,
    status: 'Created',
    phase: 'Start',
    lifecycle: freshLifecycle(),
    hookUntil: undefined,
    weight: 0,
    error: undefined,
    stop: undefined,
    rollback: { triggeredBy: of.id, message: `Deployment ${as.id} rolls deployment ${of.id} back.` },
  }
}
