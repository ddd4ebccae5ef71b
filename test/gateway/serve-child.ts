import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { Workspace } from '../config/workspace.ts'
import { ROOT_PATH } from '../docs/pages.ts'

interface ServeOptions {
  /** Default: none at all. */
  readonly yaml?: string
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** `hotspare serve` as a user runs it, in a directory of its own, with `yaml` as its file there. */
export class ServeChild implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly #workspace: Workspace
  readonly #process: ChildProcessByStdio<null, Readable, Readable>
  readonly #ended: Promise<unknown>
  #hasEnded = false
  #wake: () => void = () => {}

  constructor({ yaml, args = [], environment = {} }: ServeOptions) {
    this.#workspace = new Workspace(yaml === undefined ? {} : { 'hotspare.yaml': yaml })
    this.#process = spawn(process.execPath, [`${ROOT_PATH}src/cli/main.ts`, 'serve', '--port', '0', ...args], {
      cwd: this.#workspace.directory,
      env: { NODE_NO_WARNINGS: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#wake()
    })
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#wake()
    })
    this.#ended = once(this.#process, 'close').then(() => {
      this.#hasEnded = true
      this.#wake()
    })
  }

  /** One that listens. */
  static async start(options: ServeOptions): Promise<ServeChild> {
    const child = new ServeChild(options)
    await child.says(() => child.stdout.includes('\n'))
    return child
  }

  get url(): string {
    return /http:\S+/.exec(this.stdout)?.[0] ?? ''
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** Waits until it holds of what was written; fails once nothing more can come. */
  async says(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#hasEnded) throw new Error(`it ended (${this.#process.exitCode}): ${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Waits for its end. @returns the exit code; the signal where one ended it */
  async ended(): Promise<number | string | null> {
    await this.#ended
    return this.#process.exitCode ?? this.#process.signalCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
    this.#workspace[Symbol.dispose]()
  }
}
