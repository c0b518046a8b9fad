/**
 * The highest memory of one environment, without the pages of files that the kernel keeps for it: what a function writes
 * to /tmp is charged to its group as page cache, and on AWS lies on a disk. The kernel records one peak of both
 * together, so the two are told apart as well as its other counters allow. Inferred: AWS does not say how it counts.
 */
import { hasChildren, KernelFile, memoryParts, processPrivatePeakBytes } from '#host/sandbox/counters.ts'
import type { GroupFiles } from '#host/sandbox/groups.ts'

/** Fewer pages of files than that are not worth a look: every environment has read its own code. */
const FILES_AS_USUAL_BYTES = 1_048_576

export class MemoryPeak {
  readonly #peak: KernelFile
  readonly #stat: KernelFile
  #seen = ''
  #bytes = 0

  /** Undefined where no group counts memory. */
  static of({ memoryPeak, memoryStat }: GroupFiles): MemoryPeak | undefined {
    if (memoryPeak === undefined || memoryStat === undefined) return undefined
    return new MemoryPeak(new KernelFile(memoryPeak), new KernelFile(memoryStat))
  }

  constructor(peak: KernelFile, stat: KernelFile) {
    this.#peak = peak
    this.#stat = stat
  }

  /** `pid` is the function's own process. One read as long as the kernel's peak has not moved. */
  bytes(pid: number): number {
    const text = this.#peak.read()
    if (text === '' || text === this.#seen) return this.#bytes
    this.#seen = text
    const bothBytes = Number(text)
    const { ownBytes, fileBytes } = memoryParts(this.#stat.read())
    const found =
      fileBytes < FILES_AS_USUAL_BYTES
        ? bothBytes
        : Math.max(
            ownBytes,
            processPrivatePeakBytes(pid),
            // what children had: too much only where pages of files were dropped since
            hasChildren(pid) ? bothBytes - fileBytes : 0,
          )
    this.#bytes = Math.max(this.#bytes, Math.min(bothBytes, found))
    return this.#bytes
  }

  close(): void {
    this.#peak.close()
    this.#stat.close()
  }
}
