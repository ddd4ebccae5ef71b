import { type Figures, figuresOf, firstAnswerFrom, type Journal, type Stage } from '../../src/simulate/index.ts'

/** What the runs of one policy came to, summed. Milliseconds. */
export class Tally {
  #requests = 0
  #answered = 0
  #attempts = 0
  #rateLimited = 0
  #wastedMs = 0
  readonly #returns: number[] = []

  add(stage: Stage, journal: Journal): void {
    const { requests, answered, attempts, rateLimited, wastedMs }: Figures = figuresOf(journal)
    this.#requests += requests
    this.#answered += answered
    this.#attempts += attempts
    this.#rateLimited += rateLimited
    this.#wastedMs += wastedMs
    this.#returns.push(...returnsOf(stage, journal))
  }

  join(other: Tally): void {
    this.#requests += other.#requests
    this.#answered += other.#answered
    this.#attempts += other.#attempts
    this.#rateLimited += other.#rateLimited
    this.#wastedMs += other.#wastedMs
    this.#returns.push(...other.#returns)
  }

  get availability(): number {
    return this.#answered / this.#requests
  }

  get attemptsPerRequest(): number {
    return this.#attempts / this.#requests
  }

  /** For a thousand requests. */
  get rateLimitedPerThousand(): number {
    return (this.#rateLimited * 1_000) / this.#requests
  }

  get wastedMsPerRequest(): number {
    return this.#wastedMs / this.#requests
  }

  /** Until the first target that a fault was about answers again, on average; undefined where no fault ended. */
  get returnMs(): number | undefined {
    return this.#returns.length === 0
      ? undefined
      : this.#returns.reduce((sum, ms) => sum + ms, 0) / this.#returns.length
  }
}

/** From the end of each fault to the beginning of the first answer of those it was about. */
function returnsOf({ faults, scenario, chain: [first] }: Stage, journal: Journal): number[] {
  const endMs = scenario.traffic.minutes * 60_000
  return faults.flatMap(({ fault: { untilMs }, targets }) => {
    // Those behind the first are not asked again anyway.
    if (untilMs >= endMs || !targets.some(({ name }) => name === first.name)) return []
    const back = firstAnswerFrom(journal, new Set(targets.map(({ name }) => name)), untilMs)
    return [(back?.startedAt ?? endMs) - untilMs]
  })
}
