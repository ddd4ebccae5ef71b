import { DEFAULTS, rungsMs, type Settings, type WindowKind, windowKindOf } from '../../../engine/index.ts'
import { type ClassifyInput, type Failure, type FailureRule, findRule } from '../../../failure/index.ts'
import { createClassifier } from '../../../index.ts'

/** What keeps something out after a failure, and for how long. */
export interface Outage {
  readonly kind: WindowKind
  /** `stated`: the provider said it; `inferred`: our ladder does. */
  readonly end: 'stated' | 'inferred'
  /** How long, milliseconds; of an inferred end the lengths one after another, while failures follow. */
  readonly lengthsMs: readonly number[]
  /** It takes more than this one failure to open it. */
  readonly needsMore: boolean
}

/** A verdict with all that follows from it. */
export interface Explanation {
  readonly failure: Failure
  /** Where the rule is from. */
  readonly source: string
  /** What is kept out; absent where health is not touched. */
  readonly outage?: Outage
}

export interface ExplainSettings {
  readonly rules: readonly FailureRule[]
  readonly cooldown: Settings['cooldown']
}

export const DEFAULT_SETTINGS: ExplainSettings = { rules: [], cooldown: DEFAULTS.cooldown }

/** What hotspare makes of an answer. */
export function explain(evidence: ClassifyInput, { rules, cooldown }: ExplainSettings): Explanation {
  const failure = createClassifier({ rules })(evidence)
  const own = rules.find(({ id }) => id === failure.ruleId)
  const source =
    own?.source ?? (own === undefined ? findRule(failure.ruleId)?.source : undefined) ?? 'a rule of your own'
  const kind = failure.scope === 'request' || failure.scope === 'none' ? undefined : windowKindOf(failure)
  if (kind === undefined) return { failure, source }
  const { retryAfterMs } = failure
  const isStated = retryAfterMs !== undefined
  const outage: Outage = {
    kind,
    end: isStated ? 'stated' : 'inferred',
    lengthsMs: isStated ? [Math.min(retryAfterMs, cooldown.maxHintMs)] : rungsMs(kind, cooldown[kind]),
    needsMore: !isStated && (kind === 'breaker' || kind === 'error'),
  }
  return { failure, source, outage }
}
