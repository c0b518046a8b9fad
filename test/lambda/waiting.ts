/** Waiting for what a platform does by itself: asked again until it holds, for at most a minute. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const cut = AbortSignal.timeout(60_000)
  while (!(await holds())) {
    cut.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
