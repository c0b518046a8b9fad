/** A local folder or file as a function's package: what is in it, in a fixed order, so that equal content is equal bytes. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { Trouble } from '#base/trouble.ts'
import { type ZipEntry, zipOf } from '#engines/zip/write.ts'

/** Never part of a package: version control and this program's own data. */
const LEFT_OUT = new Set(['.git', '.windtunnel', '.aws-sam', '.DS_Store'])
/** A package beyond this cannot be uploaded to Lambda anyway. Source: Lambda quotas, 250 MB unzipped. */
const BYTES_MAX = 300 * 1024 * 1024

export interface Package {
  readonly bytes: Uint8Array
  readonly files: number
}

/** Zips a folder; a file that is a zip already stays as it is, any other file is zipped alone. */
export function packageOf(path: string): Package {
  const kind = statSync(path, { throwIfNoEntry: false })
  if (kind === undefined)
    throw new Trouble(
      'The code of a function is not there.',
      path,
      'Correct the path in the template, or build the code first.',
    )
  if (kind.isFile()) return fileAlone(path)
  const entries: ZipEntry[] = []
  let bytes = 0
  for (const file of filesBelow(path)) {
    const content = readFileSync(file.path)
    bytes += content.length
    if (bytes > BYTES_MAX)
      throw new Trouble(
        `The folder holds more than ${BYTES_MAX} bytes.`,
        path,
        'Point CodeUri at the function alone, or leave out what it does not need.',
      )
    entries.push({
      name: relative(path, file.path).split(sep).join('/'),
      bytes: content,
      executable: file.executable,
    })
  }
  if (entries.length === 0)
    throw new Trouble('The folder of a function is empty.', path, 'Put its code there, or build it first.')
  return { bytes: zipOf(entries), files: entries.length }
}

function fileAlone(path: string): Package {
  const bytes = readFileSync(path)
  if (bytes.length > 4 && bytes.readUInt32LE(0) === 0x04034b50) return { bytes, files: 1 }
  return {
    bytes: zipOf([{ name: basename(path), bytes, executable: (statSync(path).mode & 0o111) !== 0 }]),
    files: 1,
  }
}

interface Found {
  readonly path: string
  readonly executable: boolean
}

/** Links to files are followed, as the AWS tools do; a link to a folder is followed once, so that a loop ends. */
function* filesBelow(folder: string, depth = 0): Generator<Found> {
  if (depth > 40)
    throw new Trouble('Folders are nested too deeply, perhaps by a link.', folder, 'Remove the link.')
  for (const name of readdirSync(folder).sort()) {
    if (LEFT_OUT.has(name)) continue
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    if (stat.isDirectory()) yield* filesBelow(path, depth + 1)
    else if (stat.isFile()) yield { path, executable: (stat.mode & 0o111) !== 0 }
  }
}
