import { readFileSync } from 'node:fs'
import type { Mistakes } from './mistakes.ts'

/** The text of a file; undefined, and a mistake, where it cannot be read. */
export function readText(path: string, mistakes: Mistakes): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    mistakes.add(
      [],
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code}); it must be a YAML or JSON file`,
    )
    return undefined
  }
}
