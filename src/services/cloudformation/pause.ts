/** A handler's pause in real time, which ends early when the platform ends or its operation is cancelled. */
import type { Ms } from '#base/time.ts'
import { Interrupted } from '#services/cloudformation/interruption.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

/** `id` is the stack's id, a bar and what waits. Throws `Interrupted`. */
export function pauseOf(state: CloudFormationState, id: string, ms: Ms): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      alarm.cancel()
      state.waiting.delete(id)
      settle()
    }
    const alarm = state.ports.clock.after(ms, () => done(resolve))
    state.waiting.set(id, {
      arrived: () => undefined,
      interrupt: () => done(() => reject(new Interrupted())),
      cancel: () => done(resolve),
    })
    if (state.stopping) done(() => reject(new Interrupted()))
  })
}
