import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** Where a process may run: beside the measured one, or on the CPU that is its own. */
export type Place = 'load' | 'measured'

export interface Server {
  readonly pid: number
  readonly port: number
  /** Talks over IPC where it was started to. */
  readonly child: ChildProcess
  /** The end of what it wrote on stderr, and how it ended if it has. */
  complaints(): string
  stop(): Promise<void>
}

const CPU_OF: Readonly<Record<Place, string>> = { load: '0', measured: '1' }
const START_MS = 30_000
const STOP_MS = 5_000
const COMPLAINT_CHARACTERS = 2_000

/** Every process of the suite is started here, so that none outlives it. */
export class Children {
  /** Whether the measured process has a CPU to itself. */
  readonly isPinned: boolean
  readonly #running = new Set<ChildProcess>()

  constructor() {
    this.isPinned = Object.values(CPU_OF).every((cpu) => spawnSync('taskset', ['-c', cpu, 'true']).status === 0)
    process.on('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL')
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  }

  /** Runs node with these arguments until it has printed its address; with a `channel`, it can be talked to over IPC. */
  async startServer(args: readonly string[], place: Place, channel: 'ipc' | 'ignore' = 'ignore'): Promise<Server> {
    const [command = '', ...rest] = [...this.#prefix(place), process.execPath, ...args]
    const child = this.#hold(spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe', channel] }))
    let complaints = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-COMPLAINT_CHARACTERS)
    })
    child.once('exit', (code, signal) => {
      complaints += `(it ended: ${signal ?? code})`
    })
    const port = await portOf(child).catch((error: Error) => {
      throw new Error(`node ${args.join(' ')}: ${error.message}\n${complaints}`)
    })
    if (child.pid === undefined) throw new Error(`node ${args.join(' ')} has no pid`)
    return { pid: child.pid, port, child, complaints: () => complaints, stop: () => this.#stop(child) }
  }

  /** Runs a file that talks over IPC. */
  startWorker(path: string, place: Place): ChildProcess {
    const [execPath = '', ...execArgv] = [...this.#prefix(place), process.execPath]
    return this.#hold(fork(path, { execPath, execArgv }))
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.#stop(child)))
  }

  #prefix(place: Place): string[] {
    return this.isPinned ? ['taskset', '-c', CPU_OF[place]] : []
  }

  #hold<Child extends ChildProcess>(child: Child): Child {
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }

  async #stop(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(timer)
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const timer = setTimeout(() => reject(new Error(`no address after ${START_MS / 1_000} s`)), START_MS)
  let printed = ''
  const read = (text: string): void => {
    printed += text
    const port = /http:\/\/127\.0\.0\.1:(\d+)\s/.exec(printed)?.[1]
    if (port !== undefined) resolve(Number(port))
  }
  child.stdout?.setEncoding('utf8').on('data', read)
  child.once('error', reject)
  child.once('close', (code) => reject(new Error(`ended with ${code} before it printed its address`)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    child.stdout?.off('data', read).resume()
  }
}
