/**
 * One page-cache budget for all files of the process: a small file takes what it can fill, the others share the rest
 * evenly. Pure; `sqlite.ts` applies the answer when a file is opened and after checkpoints.
 */

/** Bytes of cache for each file, in the order of the sizes. Sums to at most the budget unless a file's least share exceeds it. */
export function shareCache(
  budgetBytes: number,
  sizesBytes: readonly number[],
  leastBytes = 512 * 1_024,
): number[] {
  const shares = sizesBytes.map(() => 0)
  let rest = budgetBytes
  let open = sizesBytes.map((size, index) => ({ size, index })).sort((a, b) => a.size - b.size)
  while (open.length > 0) {
    const [smallest, ...others] = open
    if (smallest === undefined) break
    const share = Math.max(leastBytes, Math.min(smallest.size, Math.floor(rest / open.length)))
    shares[smallest.index] = share
    rest = Math.max(0, rest - share)
    open = others
  }
  // What nobody fills yet goes to all: files grow.
  const spare = Math.floor(rest / shares.length)
  return shares.map((share) => share + spare)
}
