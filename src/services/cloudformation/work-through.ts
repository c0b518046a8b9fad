/** Runs a graph of resources: those that are ready, several at a time, until all are done or one has failed. */
import type { Graph } from '#engines/templates/graph.ts'
import { ready } from '#services/cloudformation/schedule.ts'

export type Outcome = 'done' | 'failed'

export interface Work {
  work(id: string): Promise<Outcome>
  /** Goes on with what does not need a failed resource; else nothing new is started after a failure. */
  readonly onward: boolean
  readonly atOnce: number
  stopping(): boolean
}

/** The failed ones in the order of their failures, and how many are done. What runs is always waited for. */
export async function workThrough(
  graph: Graph,
  how: Work,
): Promise<{ readonly failed: string[]; readonly done: number }> {
  const done = new Set<string>()
  const failed: string[] = []
  const running = new Map<string, Promise<void>>()
  for (;;) {
    const next = ready(graph, {
      done,
      running: new Set([...running.keys(), ...failed]),
      halted: how.stopping() || (!how.onward && failed.length > 0),
      atOnce: how.atOnce + failed.length,
    })
    for (const id of next) {
      const step = how.work(id).then((outcome) => {
        running.delete(id)
        if (outcome === 'done') done.add(id)
        else failed.push(id)
      })
      running.set(id, step)
    }
    if (running.size === 0) return { failed, done: done.size }
    await Promise.race(running.values())
  }
}
