/** Which resources may be worked on now. Pure: the graph, what is done, what runs, and nothing else. */
import type { Graph } from '#engines/templates/graph.ts'

export interface Progress {
  readonly done: ReadonlySet<string>
  readonly running: ReadonlySet<string>
  /** Set after a failure: nothing new is started. */
  readonly halted: boolean
  readonly atOnce: number
}

/** Resources to start now, in the graph's order: all they need is done, and no more run than may. */
export function ready(graph: Graph, progress: Progress): string[] {
  if (progress.halted) return []
  const room = progress.atOnce - progress.running.size
  const out: string[] = []
  for (const [id, needs] of graph) {
    if (out.length >= room) break
    if (progress.done.has(id) || progress.running.has(id)) continue
    if ([...needs].every((need) => progress.done.has(need) || !graph.has(need))) out.push(id)
  }
  return out
}
