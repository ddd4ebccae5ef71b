import type { ResumeMode } from '../recovery/index.ts'
import type { Candidate } from './choice.ts'
import type { Engine, RecoveryEnds, Work } from './engine.ts'
import type { Target } from './target.ts'

/** What a request keeps once its answer has broken off: how many attempts may go on with it, and in which way each. */
export class Recovering<T> {
  readonly #engine: Pick<Engine, 'prefills' | 'settings'>
  readonly #work: Pick<Work<T>, 'takesPrefill'>
  /** Models that are asked again from the beginning, by their names: a prefill has done no good there. */
  readonly #restarted = new Set<string>()
  #attemptsLeft: number
  /** Of the latest time it broke off. */
  ends: RecoveryEnds<T>

  constructor(
    engine: Pick<Engine, 'prefills' | 'settings'>,
    work: Pick<Work<T>, 'takesPrefill'>,
    ends: RecoveryEnds<T>,
  ) {
    this.#engine = engine
    this.#work = work
    this.#attemptsLeft = engine.settings.recovery.maxAttempts
    this.ends = ends
  }

  get isSpent(): boolean {
    return this.#attemptsLeft <= 0
  }

  /** An attempt begins. @returns in which way it goes on with the answer */
  start({ target }: Candidate): ResumeMode {
    this.#attemptsLeft -= 1
    const { prefills, settings } = this.#engine
    const mayPrefill =
      settings.recovery.midStream === 'continue' && !this.#restarted.has(nameOf(target)) && !prefills.hasRefused(target)
    return mayPrefill && (this.#work.takesPrefill?.(target) ?? false) ? 'prefill' : 'restart'
  }

  /** From now on this model is asked from the beginning. */
  restart(target: Target): void {
    this.#restarted.add(nameOf(target))
  }
}

function nameOf({ provider, model }: Target): string {
  return `${provider}/${model}`
}
