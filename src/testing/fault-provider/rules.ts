import type { Fault, FaultRule } from './fault.ts'
import { type FaultRequest, withoutVersion } from './request.ts'

/** A rule with one fault, and how often it struck. */
export interface RuleEntry {
  readonly rule: FaultRule
  readonly fault: Fault
  readonly limit: number
  /** When its clock began, epoch milliseconds. */
  readonly sinceMs: number
  taken: number
}

/** The rules a provider is started with. */
interface ConfiguredRules {
  readonly script: readonly FaultRule[]
  readonly keys: Readonly<Record<string, Fault | readonly Fault[]>>
  readonly models: Readonly<Record<string, Fault | readonly Fault[]>>
}

/** All rules in force, in the order in which they are asked: those added last, the script, keys, models. */
export class RuleBook {
  readonly #options: ConfiguredRules
  #fixed: readonly RuleEntry[] = []
  #added: readonly RuleEntry[] = []

  constructor(options: ConfiguredRules, nowMs: number) {
    this.#options = options
    this.reset(nowMs)
  }

  get entries(): readonly RuleEntry[] {
    return [...this.#added, ...this.#fixed]
  }

  /** The function takes them out again. */
  add(rules: readonly FaultRule[], nowMs: number): () => void {
    const entries = toEntries(rules, nowMs)
    this.#added = [...entries, ...this.#added]
    return () => {
      this.#added = this.#added.filter((entry) => !entries.includes(entry))
    }
  }

  /** Takes out all that were added. */
  clear(): void {
    this.#added = []
  }

  reset(nowMs: number): void {
    const { script, keys, models } = this.#options
    this.clear()
    this.#fixed = toEntries([...script, ...rulesOf('key', keys), ...rulesOf('model', models)], nowMs)
  }
}

/** One entry for each fault, in order: the next one's turn comes when the one before it is used up. */
function toEntries(rules: readonly FaultRule[], sinceMs: number): RuleEntry[] {
  return rules.flatMap((rule) =>
    [rule.fault].flat().map((fault: Fault) => ({
      rule,
      fault,
      limit: fault.times ?? rule.times ?? Number.POSITIVE_INFINITY,
      sinceMs,
      taken: 0,
    })),
  )
}

/** The rules of `models` and `keys`, in the vocabulary of all others. */
function rulesOf(field: 'model' | 'key', faults: Readonly<Record<string, Fault | readonly Fault[]>>): FaultRule[] {
  return Object.entries(faults).map(([name, fault]) => ({ [field]: name, fault }))
}

/** The first entry that holds for the request and is not used up. */
export function chooseEntry(
  entries: readonly RuleEntry[],
  request: FaultRequest,
  nowMs: number,
): RuleEntry | undefined {
  return entries.find((entry) => entry.taken < entry.limit && holds(entry, request, nowMs - entry.sinceMs))
}

function holds({ rule }: RuleEntry, request: FaultRequest, ageMs: number): boolean {
  return (
    ageMs >= (rule.fromMs ?? 0) &&
    ageMs < (rule.untilMs ?? Number.POSITIVE_INFINITY) &&
    matches(rule.model, request.model) &&
    matches(rule.key, request.key) &&
    (rule.path === undefined || withoutVersion(rule.path) === withoutVersion(request.path)) &&
    (rule.stream === undefined || rule.stream === request.stream) &&
    (rule.when === undefined || rule.when(request))
  )
}

export function matches(wanted: string | readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || (value !== undefined && [wanted].flat().includes(value))
}
