import type { Dialect, Frame } from './dialect.ts'
import type { Fault } from './fault.ts'

export type Step =
  | { readonly kind: 'write'; readonly bytes: Buffer; readonly tokens: number }
  /** `POSITIVE_INFINITY`: until the client leaves. */
  | { readonly kind: 'wait'; readonly ms: number; readonly ping?: { readonly bytes: Buffer; readonly everyMs: number } }

/** `end` closes the HTTP body properly, `cut` the connection (FIN), `reset` it too (RST), `stay_open` nothing at all. */
export type Ending = 'end' | 'cut' | 'reset' | 'stay_open'

export interface Script {
  readonly steps: readonly Step[]
  readonly ending: Ending
}

interface Break {
  readonly at: number
  readonly ending: Ending
}

export interface StreamInput {
  readonly frames: readonly Frame[]
  readonly fault: Fault
  readonly dialect: Dialect
  readonly errorBody: () => unknown
}

/** A stream frame by frame: paced, and broken where the fault says. */
export function streamSteps({ frames, fault, dialect, errorBody }: StreamInput): Script {
  const steps: Step[] = []
  const breaking = tokenBreak(fault)
  const write = (text: string, tokens = 0): void => {
    steps.push({ kind: 'write', bytes: Buffer.from(text), tokens })
  }
  const wait = (ms: number | undefined): void => {
    if (!ms) return
    const ping =
      fault.pingEveryMs === undefined
        ? {}
        : { ping: { bytes: Buffer.from(dialect.keepAlive), everyMs: fault.pingEveryMs } }
    steps.push({ kind: 'wait', ms, ...ping })
  }
  /** What happens once so many tokens are out; true where that is the end. */
  const isOver = (tokens: number): Ending | undefined => {
    if (fault.malformedAfterTokens === tokens) write(fault.malformed ?? dialect.malformed)
    if (fault.stallAfterTokens === tokens) wait(fault.stallMs ?? Number.POSITIVE_INFINITY)
    if (fault.errorAfterTokens === tokens) {
      write(dialect.errorFrame(errorBody()))
      return 'end'
    }
    return breaking?.at === tokens ? breaking.ending : undefined
  }

  let tokens = 0
  let isStarted = false
  for (const frame of frames) {
    if (!isStarted && frame.kind !== 'start') {
      isStarted = true
      const over = isOver(0)
      if (over !== undefined) return { steps, ending: over }
    }
    if (isOmitted(frame, fault)) continue
    if (frame.kind !== 'token') {
      write(frame.text)
      continue
    }
    wait(tokens === 0 ? fault.firstTokenDelayMs : fault.tokenDelayMs)
    write(frame.text, 1)
    tokens += 1
    const over = isOver(tokens)
    if (over !== undefined) return { steps, ending: over }
  }
  return { steps, ending: fault.stayOpen ? 'stay_open' : 'end' }
}

/** A body that is not streamed: whole, or broken at the share of it that the fault's tokens stand for. */
export function bodySteps(body: Buffer, tokens: number, fault: Fault): Script & { bytes: number } {
  const placeOf = (token: number): number | undefined =>
    token <= tokens ? Math.floor((body.length * token) / (tokens + 1)) : undefined
  const brokenJson = placeOf(fault.malformedAfterTokens ?? Number.POSITIVE_INFINITY)
  const sent = brokenJson === undefined ? body : body.subarray(0, brokenJson)
  const stallAt = placeOf(fault.stallAfterTokens ?? Number.POSITIVE_INFINITY)
  const steps: Step[] =
    stallAt === undefined
      ? [{ kind: 'write', bytes: sent, tokens }]
      : [
          { kind: 'write', bytes: sent.subarray(0, stallAt), tokens: 0 },
          { kind: 'wait', ms: fault.stallMs ?? Number.POSITIVE_INFINITY },
          { kind: 'write', bytes: sent.subarray(stallAt), tokens },
        ]
  const ending: Ending = fault.contentLengthExtra ? 'cut' : fault.stayOpen ? 'stay_open' : 'end'
  const byToken = tokenBreak(fault)
  const place = byToken === undefined ? undefined : placeOf(byToken.at)
  const breaking = byToken === undefined || place === undefined ? byteBreak(fault) : { ...byToken, at: place }
  const isShortened = breaking?.ending === 'end' && breaking.at < sent.length
  return { ...breakAtByte({ steps, ending }, breaking), bytes: isShortened ? breaking.at : sent.length }
}

/** Before a body that is not streamed passes the time in which its tokens would have been made. */
export function waitBeforeBody(fault: Fault, tokens: number): number {
  return (fault.firstTokenDelayMs ?? 0) + (fault.tokenDelayMs ?? 0) * Math.max(0, tokens - 1)
}

export function breakAtByte(script: Script, breaking: Break | undefined): Script {
  if (breaking === undefined) return script
  const steps: Step[] = []
  let left = breaking.at
  for (const step of script.steps) {
    if (step.kind === 'wait') {
      // A wait at the very place of the break belongs behind it.
      if (left === 0) break
      steps.push(step)
      continue
    }
    if (step.bytes.length > left) {
      if (left > 0) steps.push({ kind: 'write', bytes: step.bytes.subarray(0, left), tokens: 0 })
      return { steps, ending: breaking.ending }
    }
    steps.push(step)
    left -= step.bytes.length
  }
  return left === 0 ? { steps, ending: breaking.ending } : script
}

export function byteBreak(fault: Fault): Break | undefined {
  return firstBreak(fault.cutAfterBytes, fault.resetAfterBytes, fault.endAfterBytes)
}

function tokenBreak(fault: Fault): Break | undefined {
  return firstBreak(fault.cutAfterTokens, fault.resetAfterTokens, fault.endAfterTokens)
}

function firstBreak(cut: number | undefined, reset: number | undefined, end: number | undefined): Break | undefined {
  if (cut !== undefined) return { at: cut, ending: 'cut' }
  if (reset !== undefined) return { at: reset, ending: 'reset' }
  return end === undefined ? undefined : { at: end, ending: 'end' }
}

function isOmitted({ kind }: Frame, fault: Fault): boolean {
  if (kind === 'finish') return fault.omitFinish ?? false
  return kind === 'done' && (fault.omitDone ?? false)
}
