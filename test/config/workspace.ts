import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatMistake, type LoadOptions, loadConfiguration, type Setup } from '../../src/config/index.ts'

/** A directory of its own with these files, gone when it is disposed of. */
export class Workspace implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hotspare-config-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, name)), { recursive: true })
      writeFileSync(join(this.directory, name), text)
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

type Surroundings = Partial<LoadOptions> & { readonly files?: Readonly<Record<string, string>> }

/** What is wrong with a file, line by line. */
export function mistakesIn(yaml: string, { environment = {}, files = {}, ...rest }: Surroundings = {}): string[] {
  using workspace = new Workspace({ 'hotspare.yaml': yaml, ...files })
  const loaded = loadConfiguration({ environment, directory: workspace.directory, ...rest })
  return loaded.state === 'valid' ? [] : loaded.mistakes.map(formatMistake)
}

/** What a file comes to, if nothing is wrong with it; where it listens is not what these tests are about. */
export function setupOf(yaml: string, { environment = {}, files = {}, ...rest }: Surroundings = {}): Setup {
  using workspace = new Workspace({ 'hotspare.yaml': yaml, ...files })
  const loaded = loadConfiguration({ environment, directory: workspace.directory, isInsecureAllowed: true, ...rest })
  if (loaded.state === 'invalid') throw new Error(loaded.mistakes.map(formatMistake).join('\n'))
  return loaded.setup
}
