import type { AnswerProgress, AnswerState, FlawedAnswer } from '../dialect.ts'
import { flawed, flawOfAll } from '../flaws.ts'
import { countIn } from '../json.ts'
import { candidatesOf, finishReasonOf, flawIn, hasContent, isPromptBlocked } from './events.ts'

/** How far one candidate has come. */
interface CandidateProgress {
  readonly finishReason: string | undefined
  readonly hasContent: boolean
}

/** An answer is finished with its candidate's finish reason, or with a prompt that was blocked. Nothing marks its end. */
export class GenerationProgress implements AnswerProgress {
  /** There are several where `candidateCount` is more than 1. */
  readonly #candidates = new Map<number, CandidateProgress>()
  #isBlocked = false
  #isFinished = false

  observe(event: unknown): void {
    this.#isBlocked ||= isPromptBlocked(event)
    for (const [position, candidate] of candidatesOf(event).entries()) {
      const index = countIn(candidate.index) ?? position
      const before = this.#candidates.get(index)
      const finishReason = finishReasonOf(candidate) ?? before?.finishReason
      this.#isFinished ||= finishReason !== undefined
      this.#candidates.set(index, {
        finishReason,
        hasContent: before?.hasContent === true || hasContent(candidate),
      })
    }
  }

  get state(): AnswerState {
    return this.#isBlocked || this.#isFinished ? 'finished' : 'open'
  }

  /** `MAX_TOKENS` without content: thinking ate the budget, and the caller is left with nothing. */
  verdict(): FlawedAnswer | undefined {
    const candidates = [...this.#candidates.values()]
    if (this.#isBlocked)
      return flawed(
        'withheld',
        candidates.some((candidate) => candidate.hasContent),
      )
    return flawOfAll(
      candidates.map(({ finishReason, hasContent }) =>
        flawed((finishReason === undefined ? undefined : flawIn(finishReason)) ?? 'empty', hasContent),
      ),
    )
  }
}
