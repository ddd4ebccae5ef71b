import { prefillOf, type ResumeMode } from '../../recovery/index.ts'
import { asObject, type JsonObject } from '../json.ts'
import { BlockSeam } from './block-seam.ts'
import type { ContinuedTexts } from './continued-texts.ts'
import type { DeliveredMessage } from './delivered-message.ts'
import { stopReasonOf } from './events.ts'
import { fittedUsage } from './message-usage.ts'
import { PrefillGate } from './prefill-gate.ts'
import { RepeatedTexts } from './repeated-texts.ts'

/** Fits the events of a further attempt to the message that the caller has the beginning of. */
export class MessageSeam {
  readonly #delivered: DeliveredMessage
  /** Length of the prefill that the attempt was given; 0 where it was given none. */
  readonly #prefillCharacters: number
  readonly #thinkingCharacters: number
  #stage: PrefillGate | BlockSeam
  /** The token counts that the attempt began with. */
  #begun: JsonObject | undefined

  constructor(mode: ResumeMode, delivered: DeliveredMessage) {
    this.#delivered = delivered
    this.#prefillCharacters = mode === 'prefill' ? prefillOf(delivered.text).length : 0
    this.#thinkingCharacters = delivered.thinkingCharacters
    if (mode === 'prefill') this.#stage = new PrefillGate(delivered)
    else this.#stage = new BlockSeam(delivered, new RepeatedTexts(delivered.texts))
  }

  /** @throws Diverged */
  fit(event: object, out: object[]): void {
    const { type, message } = event as JsonObject
    if (type === 'ping') out.push(event)
    else if (type === 'message_start') {
      this.#begun = asObject(asObject(message)?.usage)
      if (!this.#delivered.hasStarted) out.push(event)
    } else if (this.#stage instanceof BlockSeam) this.#take(event, this.#stage, out)
    else {
      const texts = this.#stage.take(event)
      if (texts !== undefined) this.#open(this.#stage, texts, out)
    }
  }

  /** @throws Diverged */
  finish(out: object[]): void {
    const blocks = this.#stage instanceof BlockSeam ? this.#stage : this.#open(this.#stage, this.#stage.end(), out)
    blocks.finish(out)
  }

  /** It is clear that the attempt goes on from its prefill: what it has said so far is fitted. */
  #open(gate: PrefillGate, texts: ContinuedTexts, out: object[]): BlockSeam {
    const blocks = new BlockSeam(this.#delivered, texts)
    this.#stage = blocks
    for (const event of gate.withheld) this.#take(event, blocks, out)
    return blocks
  }

  #take(event: object, blocks: BlockSeam, out: object[]): void {
    switch ((event as JsonObject).type) {
      case 'content_block_start':
        blocks.begin(event, out)
        return
      case 'content_block_delta':
        blocks.add(event, out)
        return
      case 'content_block_stop':
        blocks.end(event, out)
        return
      case 'message_delta':
        // Counts alone, in the middle of a message, would tell of another one.
        if (stopReasonOf(event) === undefined) return
        blocks.finish(out)
        out.push(this.#withUsage(event as JsonObject))
        return
      case 'message_stop':
        blocks.finish(out)
        out.push(event)
        return
      default:
        if (blocks.isThrough) out.push(event)
    }
  }

  #withUsage(event: JsonObject): object {
    const usage = asObject(event.usage)
    if (usage === undefined) return event
    const fitted = fittedUsage(usage, {
      told: this.#delivered.usage,
      begun: this.#begun,
      prefillCharacters: this.#prefillCharacters,
      thinkingCharacters: this.#thinkingCharacters,
    })
    return { ...event, usage: fitted }
  }
}
