import { ParsedBody } from '../dialects/index.ts'
import type { ModelRequest, Profile, Recovery } from '../engine/index.ts'
import type { TargetRef } from '../failure/index.ts'
import type { AnswerTrail } from '../recovery/index.ts'
import { fitsForm, type Upstream, withPrefill } from '../upstream/index.ts'

/** How answers of a provider over HTTP are continued: as its dialect says, where its targets are known to. */
export class HttpRecovery<Request extends ModelRequest, Event> implements Recovery<Request, Event> {
  readonly #upstream: Upstream

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  textOf(event: Event): string {
    return this.#upstream.dialect.textOf(event)
  }

  isTerminal(event: Event): boolean {
    return this.#upstream.dialect.isTerminal(event)
  }

  /** As a plain assistant message. The provider writes it as the target wants it once it is sent (`resume`). */
  withPrefill(request: Request, text: string): Request {
    return withPrefill(request, text)
  }

  withoutPrefix(event: Event, characters: number): Event | undefined {
    return this.#upstream.dialect.continuation.withoutPrefix(event as object, characters) as Event | undefined
  }

  takesPrefill(request: Request, { model }: TargetRef, profile: Profile): boolean {
    const form = this.#upstream.prefillFor(profile, model)
    if (form === undefined) return false
    const body = new ParsedBody(request)
    return this.#upstream.dialect.continuation.fitsPrefill(body) && fitsForm(form, body)
  }

  charactersOf(event: Event): number {
    return this.#upstream.dialect.continuation.charactersOf(event as object)
  }

  startTrail(
    request: Request,
    { holdsToolCalls, recovers }: { readonly holdsToolCalls: boolean; readonly recovers: boolean },
  ): AnswerTrail<Event> {
    const { continuation } = this.#upstream.dialect
    const body = new ParsedBody(request)
    const trail: AnswerTrail<object> = continuation.startTrail({
      holdsToolCalls: () => holdsToolCalls && !continuation.wantsEagerCalls(body),
      disarmedBy: () => continuation.disarmedBy(body),
      recovers,
    })
    // The provider's JSON is passed on as it came; `Event` is what the caller declares it to be.
    return trail as unknown as AnswerTrail<Event>
  }
}
