import type { FailoverEvent, FailoverManager, FailoverStatus, Failure, TargetRef } from '../../../index.ts'

type Style = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan'

const CODES: Readonly<Record<Style, number>> = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 }

/** Of headings: what the narrowest usual terminal shows on one line. */
const WIDTH = 78

export interface Tally {
  readonly asked: number
  readonly answered: number
  readonly right: number
}

/** Shows the story as it happens. All it knows of the engine are its events. */
export class Screen {
  readonly #print: (line: string) => void
  readonly #isColored: boolean
  readonly #numbers = new Map<string, number>()
  #beganAt: number | undefined
  #attempts = 0
  #failovers = 0
  #cooldowns = 0

  constructor(print: (line: string) => void, isColored: boolean) {
    this.#print = print
    this.#isColored = isColored
  }

  say(text = '', style?: Style): void {
    this.#print(style === undefined ? text : this.#paint(text, style))
  }

  act(title: string): void {
    this.say()
    this.say(`── ${title} ${'─'.repeat(Math.max(0, WIDTH - 4 - title.length))}`, 'bold')
  }

  /** From now on everything the manager does is shown. */
  follow(manager: Pick<FailoverManager, 'on'>): void {
    manager.on('*', (event) => {
      this.#beganAt ??= event.at
      const line = this.#describe(event)
      if (line === undefined) return
      const seconds = ((event.at - this.#beganAt) / 1_000).toFixed(2).padStart(6)
      this.#print(`${this.#paint(`${seconds} s`, 'dim')}  ${line}`)
    })
  }

  summary(tally: Tally, status: FailoverStatus): void {
    this.act('What it came to')
    this.say()
    this.say(
      `  ${tally.asked} requests, ${tally.answered} answered, ${tally.right} with the right answer`,
      tally.right === tally.asked ? 'green' : 'red',
    )
    this.say(`  ${this.#attempts} attempts, ${this.#failovers} moves to another target, ${this.#cooldowns} cooldowns`)
    this.say()
    for (const { id, apiKey, status: state, reason, until, requests, failures } of status.profiles) {
      const seconds =
        until === undefined
          ? ''
          : `, ${((until - (this.#beganAt ?? until)) / 1_000).toFixed(0)} s into the story at the earliest`
      const standing =
        state === 'available'
          ? this.#paint('available', 'green')
          : this.#paint(`${state}: ${reason}${seconds}`, 'yellow')
      this.say(
        `  ${id.padEnd(18)} ${String(apiKey ?? 'no key').padEnd(8)} ${String(requests).padStart(3)} attempts, ${String(failures).padStart(2)} failed   ${standing}`,
      )
    }
    this.say()
  }

  #describe(event: FailoverEvent): string | undefined {
    switch (event.type) {
      case 'request_started': {
        this.#numbers.set(event.requestId, this.#numbers.size + 1)
        return undefined
      }
      case 'attempt_started': {
        this.#attempts += 1
        if (event.kind === 'regular') return undefined
        const why = { retry: 'again', trial: 'a trial: is it back?', panic: 'nothing else is left' }[event.kind]
        return `${this.#number(event.requestId)} ${this.#paint(`tries ${nameOf(event.target)}: ${why}`, 'dim')}`
      }
      case 'attempt_failed':
        return `${this.#number(event.requestId)} ${this.#paint('✗', 'red')} ${nameOf(event.target)}: ${this.#paint(blame(event.failure), 'red')} ${this.#paint(event.failure.message, 'dim')}`
      case 'failover':
        this.#failovers += 1
        return event.requestId === undefined
          ? undefined
          : `${this.#number(event.requestId)} ${this.#paint('→', 'cyan')} moves to ${nameOf(event.to)}`
      case 'cooldown_started': {
        this.#cooldowns += 1
        const length = ((event.until - event.at) / 1_000).toFixed(1)
        const who =
          event.end === 'stated' ? 'the provider said so' : event.end === 'inferred' ? 'then one trial' : 'fixed'
        return `     ${this.#paint(`⏸ ${event.key} is out for ${length} s (${event.reason}; ${who})`, 'yellow')}`
      }
      case 'cooldown_ended':
        return `     ${this.#paint(`▶ ${event.key} is back (${event.by.replaceAll('_', ' ')})`, 'green')}`
      case 'request_waiting':
        return event.cause === 'backoff'
          ? undefined
          : `${this.#number(event.requestId)} ${this.#paint(`waits up to ${((event.until - event.at) / 1_000).toFixed(1)} s for something to open`, 'dim')}`
      case 'request_succeeded': {
        const tries = event.attempts === 1 ? 'first try' : `${event.attempts} attempts`
        return `${this.#number(event.requestId)} ${this.#paint('✓', 'green')} ${nameOf(event.target)} ${this.#paint(`in ${event.durationMs} ms, ${tries}`, 'dim')}`
      }
      case 'request_failed':
        return `${this.#number(event.requestId)} ${this.#paint(`✗ gives up: ${event.code}`, 'red')}`
      default:
        return undefined
    }
  }

  #number(requestId: string): string {
    return this.#paint(`#${this.#numbers.get(requestId) ?? '?'}`.padEnd(4), 'bold')
  }

  #paint(text: string, style: Style): string {
    return this.#isColored ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text
  }
}

function nameOf({ model, profile }: TargetRef): string {
  return `${model} @ ${profile}`
}

function blame({ reason, status, retryAfterMs }: Failure): string {
  const code = status === undefined ? '' : ` (${status})`
  return `${reason}${code}${retryAfterMs === undefined ? '' : `, come back in ${(retryAfterMs / 1_000).toFixed(1)} s`};`
}
