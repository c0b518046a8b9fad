/** Types of node-binaries.mjs for the TypeScript side; the module itself stays plain JavaScript for old Nodes. */
export interface NodeBinary {
  readonly path: string
  readonly version: string
}
export interface FetchOptions {
  readonly cacheFolder: string
  readonly progress?: (line: string) => void
}
export class BinaryProblem extends Error {
  readonly remedy: string
  constructor(what: string, remedy: string)
}
export function pinnedVersion(major: number): string | undefined
export function nodeBinary(major: number, options: FetchOptions): Promise<NodeBinary>
export function filledOnce(
  folder: string,
  progress: (line: string) => void,
  fill: (stage: string) => Promise<void>,
): Promise<void>
export function npmEnvironment(): Record<string, string | undefined>
export function npm(args: readonly string[], folder: string, what: string): Promise<void>
