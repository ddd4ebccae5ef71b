import type { Dialect, DialectTrail } from '../../dialects/index.ts'
import type { AttemptContext, Clock } from '../../engine/index.ts'
import type { FailoverError } from '../../failure/index.ts'
import type { ResponseHeaders } from '../../transport/index.ts'
import { type AnswerErrors, FINISHED_GRACE_MS, type SecretMask } from '../../upstream/index.ts'
import type { BodyReader } from './body-reader.ts'
import { CommitDecision } from './commit-decision.ts'
import { JudgedStream } from './judged-stream.ts'
import { PassedEvents } from './passed-events.ts'
import type { StreamEnd, StreamOutlet } from './stream-outlet.ts'
import { type Wire, WireEnd } from './wire-end.ts'

interface StreamedAnswerOptions {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly dialect: Dialect
  readonly errors: AnswerErrors
  readonly clock: Clock
  readonly maxEventBytes: number | undefined
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
  /** How the attempt commits, and how it goes on with another; any data feeds its idle limit until it commits. */
  readonly context: Pick<AttemptContext, 'commitRule' | 'noteActivity' | 'noteContent' | 'resume'>
  /** Follows the answer: a fresh one, or that of the answer that broke off. */
  readonly trail: DialectTrail
  /** May another attempt go on with it where it breaks off? */
  readonly recovers: boolean
  /** How long a tool call is held, milliseconds. */
  readonly holdMaxMs: number
  /** Told of every event that is not like one before it in all but its text. */
  readonly onEvent: (event: object) => void
  readonly wire: Wire
  readonly onCommit: (answer: StreamedAnswer) => void
  /** It failed before it committed. */
  readonly onFailure: (error: Error) => void
}

type State = 'held' | 'committed' | 'over'

/**
 * A streamed answer on its way through, one attempt at it. Nothing leaves before the commit; from then on whole events
 * leave as they come.
 *
 * What one read of the socket brought is gathered, looked through once and written once: with many small events this
 * is the larger part of the cost. While the client is slow the wire is paused, so that no more is kept than what one read
 * brought, an event that has not come whole (`maxEventBytes`), a tool call that is held (1 MB of events, 256 KB of
 * arguments), and what has been written and not taken (`StreamedReply`).
 */
export class StreamedAnswer implements BodyReader {
  readonly status: number
  readonly headers: ResponseHeaders
  /** Hides what must not go on to a client. */
  readonly mask: SecretMask
  /** Follows the answer, also where others go on with it. */
  readonly trail: DialectTrail
  readonly #options: StreamedAnswerOptions
  readonly #stream: JudgedStream
  readonly #passed: PassedEvents
  readonly #decision: CommitDecision
  #state: State = 'held'
  #queue: Buffer[] = []
  #queuedBytes = 0
  #isScheduled = false
  /** The client is too slow. */
  #isPaused = false
  #isEnded = false
  #cause: FailoverError | undefined
  #end: StreamEnd | undefined
  #outlet: StreamOutlet | undefined
  /** Since when the tool call is held that is watched, epoch milliseconds. */
  #heldSince: number | undefined
  #cancelHold: (() => void) | undefined
  #hasPassedSeam: boolean
  /** Waits a little for the end of an answer that is complete. */
  #cancelGrace: (() => void) | undefined
  #wireEnd: WireEnd | undefined

  constructor(options: StreamedAnswerOptions) {
    const { clock, context, dialect, errors, mask, maxEventBytes, onEvent, recovers, trail } = options
    const { resume } = context
    const { continuation } = dialect
    this.#options = options
    this.status = options.status
    this.headers = options.headers
    this.mask = mask
    this.trail = trail
    this.#hasPassedSeam = resume === undefined
    this.#passed = new PassedEvents({ continuation, trail, recovers, resume, mask, clock })
    this.#decision = new CommitDecision({
      dialect,
      clock,
      context,
      onReady: () => this.#schedule(),
      onTooSlow: (error) => {
        this.#stream.fail(error)
        this.#schedule()
      },
    })
    this.#stream = new JudgedStream({
      dialect,
      errors,
      maxEventBytes,
      passed: this.#passed,
      decision: this.#decision,
      isContinuation: resume === 'prefill',
      onEvent,
    })
  }

  /** A tool call is held until it is whole. */
  get isHolding(): boolean {
    return this.#state !== 'over' && this.#passed.heldSince !== undefined
  }

  /** It failed when it had said how it ends already: nobody can go on with that. */
  get failedBehindEnd(): boolean {
    return this.#stream.failedBehindEnd
  }

  /** The committed answer flows on into this outlet, beginning with what was held back. */
  flowInto(outlet: StreamOutlet): void {
    this.#outlet = outlet
    if (this.#state !== 'committed') return
    if (this.#cancelGrace !== undefined) outlet.noteFinished()
    try {
      this.#passed.begin()
    } catch (diverged) {
      this.#failWith(diverged as Error)
    }
    this.#watchHold()
    if (this.isHolding) outlet.noteHolding()
    this.#deliver()
  }

  /** The outlet takes more. */
  resume(): void {
    if (this.#state === 'over') return
    this.#isPaused = false
    this.#options.wire.resume()
    if (this.#state === 'committed' && this.#end === undefined) this.#startGrace()
  }

  take(chunk: Buffer): void {
    if (this.#state === 'over') {
      this.#wireEnd?.take(chunk)
      return
    }
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    this.#schedule()
  }

  end(): void {
    this.#wireEnd?.stop()
    this.#isEnded = true
    this.#schedule()
  }

  fail(error: FailoverError): void {
    this.#cause = error
    this.end()
  }

  drop(): void {
    this.#letGo()
    this.#wireEnd?.stop()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#state === 'over') return
    this.#isScheduled = true
    process.nextTick(this.#look)
  }

  /** Looks through what has arrived, and at what time has brought. */
  readonly #look = (): void => {
    this.#isScheduled = false
    if (this.#state === 'over') return
    if (this.#queuedBytes > 0) this.#scan()
    if (this.#end === undefined) this.#judgeEnd()
    if (this.#state === 'held') this.#commitOrFail()
    this.#watchHold()
    this.#deliver()
  }

  #scan(): void {
    if (this.#outlet === undefined) this.#options.context.noteActivity?.()
    else this.#outlet.noteActivity()
    const [first] = this.#queue
    const bytes =
      this.#queue.length === 1 && first !== undefined ? first : Buffer.concat(this.#queue, this.#queuedBytes)
    this.#queue = []
    this.#queuedBytes = 0
    this.#stream.push(bytes)
  }

  /** Is the answer at its end, and is it complete? */
  #judgeEnd(): void {
    const stream = this.#stream
    if (stream.failure !== undefined) this.#failWith(stream.failure)
    else if (this.#isEnded || stream.isOver) {
      const error = stream.end(this.#cause)
      this.#end = error === undefined ? { usage: stream.usage } : { error, usage: stream.usage }
    } else this.#startGrace()
  }

  #failWith(error: Error): void {
    this.#stream.fail(error)
    this.#end = { error, usage: this.#stream.usage }
  }

  /** A complete answer is not waited for long; what waits for a slow client is no fault of the server. */
  #startGrace(): void {
    if (!this.#stream.isFinished || this.#isPaused || this.#cancelGrace !== undefined) return
    const { clock, wire } = this.#options
    this.#cancelGrace = clock.setTimer(() => {
      wire.abort()
      this.end()
    }, FINISHED_GRACE_MS)
    this.#outlet?.noteFinished()
  }

  #commitOrFail(): void {
    const end = this.#end
    if (this.#decision.isReady || (end !== undefined && !('error' in end))) {
      this.#state = 'committed'
      this.#decision.stop()
      this.#options.onCommit(this)
    } else if (end !== undefined && 'error' in end) {
      this.#settle()
      this.#options.onFailure(end.error)
    }
  }

  /** A tool call that is held is not held for ever, and the client is given signs of life meanwhile. */
  #watchHold(): void {
    const since = this.isHolding && this.#end === undefined ? this.#passed.heldSince : undefined
    if (since === this.#heldSince) return
    this.#heldSince = since
    this.#cancelHold?.()
    this.#cancelHold = undefined
    if (since === undefined) return
    const { clock, holdMaxMs } = this.#options
    this.#cancelHold = clock.setTimer(() => this.#release(), Math.max(0, since + holdMaxMs - clock.now()))
    this.#outlet?.noteHolding()
  }

  #release(): void {
    this.#passed.release()
    this.#decision.noteReleased()
    this.#schedule()
  }

  #deliver(): void {
    const outlet = this.#outlet
    if (outlet === undefined || this.#state !== 'committed') return
    const end = this.#end && this.#finish(this.#end)
    if (this.#passed.takeCallPassed()) outlet.noteCallPassed()
    if (!this.#hasPassedSeam && this.trail.isPastSeam) {
      this.#hasPassedSeam = true
      outlet.noteSeamPassed()
    }
    if (end !== undefined) {
      const bytes = this.#passed.takeBytes()
      this.#settle()
      outlet.end(bytes, end)
    } else if (!this.#passed.isEmpty && !writeAll(outlet, this.#passed.takePieces())) {
      this.#isPaused = true
      this.#cancelGrace?.()
      this.#cancelGrace = undefined
      this.#options.wire.pause()
    }
  }

  /** The last bytes: of a complete answer its end; of another the end of its last block, for others may go on with it. */
  #finish(end: StreamEnd): StreamEnd {
    if (!('error' in end)) {
      try {
        this.#stream.passEnd()
        return end
      } catch (diverged) {
        this.#failWith(diverged as Error)
      }
    }
    this.#passed.finishBlock()
    return this.#end ?? end
  }

  /** The answer has ended; what the server still sends is taken in, so that the connection can be used again. */
  #settle(): void {
    const { clock, wire } = this.#options
    this.#letGo()
    if (this.#isEnded) return
    if (this.#stream.failure === undefined) this.#wireEnd = new WireEnd(wire, clock)
    else wire.abort()
  }

  #letGo(): void {
    this.#state = 'over'
    this.#queue = []
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
    this.#decision.stop()
    this.#cancelHold?.()
    this.#cancelHold = undefined
    this.#passed.drop()
  }
}

/** @returns whether it can take more at once */
function writeAll(outlet: StreamOutlet, pieces: readonly Buffer[]): boolean {
  let takesMore = true
  for (const piece of pieces) takesMore = outlet.write(piece)
  return takesMore
}
