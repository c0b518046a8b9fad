/**
 * Whose socket is it? The kernel's table names the uid that owns the other end of a loopback connection. One look
 * takes milliseconds, so only the platform's own pages ask, and reading happens in the thread pool.
 */
import { readFile } from 'node:fs/promises'

/** The uid, or undefined where the table is not there (macOS) or has no such socket. */
export async function peerUid(remotePort: number, localPort: number): Promise<number | undefined> {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const rows = await readFile(table, 'utf8').catch(() => '')
    const found = uidIn(rows, remotePort, localPort)
    if (found !== undefined) return found
  }
  return undefined
}

const port = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0')

/** Rows are `sl local_address rem_address st tx:rx tr:when retrnsmt uid ...`, seen from the peer's side. */
export function uidIn(table: string, remotePort: number, localPort: number): number | undefined {
  const row = new RegExp(
    `^\\s*\\d+: [0-9A-F]+:${port(remotePort)} [0-9A-F]+:${port(localPort)} [0-9A-F]{2} \\S+ \\S+ \\S+\\s+(\\d+)`,
    'm',
  ).exec(table)
  return row?.[1] === undefined ? undefined : Number(row[1])
}
