import type { Rule } from './records.ts'

/** A place in the engine's source, and what is to stand there instead. */
export interface Edit {
  /** As seen from `src/engine`. */
  readonly file: string
  /** Stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/** A rule of the engine that is broken on purpose. */
export interface BrokenRule {
  readonly name: string
  readonly edits: readonly Edit[]
  /** The invariants that may notice. */
  readonly caughtBy: readonly [Rule, ...Rule[]]
}

export const BROKEN_RULES: readonly BrokenRule[] = [
  broken(
    'a window does not last until its end',
    ['cooling_is_left_alone', 'status_agrees', 'stated_ends_are_respected'],
    'health/window.ts',
    "if (window?.state !== 'cooling' || now < window.until) return window",
    "if (window?.state !== 'cooling') return window",
  ),
  broken(
    'a trial is not taken, so that many are made at once',
    ['one_trial_at_a_time'],
    'leases.ts',
    'if (isTrial) book.takeTrial(',
    'if (isTrial && mark.lease < 0) book.takeTrial(',
  ),
  broken(
    'half-open is taken for open',
    ['one_trial_at_a_time'],
    'health/standing.ts',
    "return standing.state === 'open' ? TRIAL : standing",
    'return standing',
  ),
  broken(
    'failures that were under way lengthen an inferred window',
    ['windows_are_not_lengthened', 'windows_keep_their_bounds'],
    'health/window.ts',
    "if (stayAway.end === 'inferred' || stayAway.end === 'learnt') return current",
    "if (stayAway.end === 'inferred') return cooling(reason, stayAway, current.rung, moment)",
  ),
  broken(
    'what the provider says of its return is not heard',
    ['stated_ends_are_respected'],
    'policy/evidence.ts',
    'failure.retryAfterMs === undefined',
    'failure.retryAfterMs !== 0',
  ),
  broken(
    'a window grows beyond its maximum',
    ['windows_keep_their_bounds'],
    'health/ladder.ts',
    'return Math.min(maxMs, Math.round(',
    'return Math.min(maxMs * 9, Math.round(',
  ),
  broken(
    'a success leaves the ladder where it was',
    ['recovery_is_complete', 'status_agrees', 'everything_comes_back'],
    'health/window.ts',
    "if (current.state !== 'reopened' && current.trial?.lease === attempt.lease) return undefined",
    "if (current.state === 'half_open' && current.trial?.lease === attempt.lease) return { ...current, state: 'reopened' }",
  ),
  broken(
    'a success closes nothing',
    ['recovery_is_complete', 'everything_comes_back'],
    'health/window.ts',
    'return attempt.startedAt >= current.until ? undefined : current',
    'return current',
  ),
  broken(
    'the budget is one try too large',
    ['budget_holds'],
    'attempt-loop.ts',
    'this.#spent >= this.#engine.settings.budget.maxAttempts',
    'this.#spent > this.#engine.settings.budget.maxAttempts',
  ),
  broken(
    'a target is tried once too often',
    ['tries_of_a_target_hold'],
    'course.ts',
    'if (this.tries(target) >= this.#maxTries',
    'if (this.tries(target) > this.#maxTries',
  ),
  broken(
    'trying again costs nothing',
    ['retries_are_paid'],
    'retry-tokens.ts',
    'bucket.tokens -= 1',
    'bucket.tokens -= 0',
  ),
  broken(
    'the deadline is not looked at before an attempt',
    ['nothing_is_tried_too_late'],
    'attempt-loop.ts',
    'life.expireIfLate(now)',
    '',
  ),
  broken(
    'no reserve is left for the models further down',
    ['healthy_targets_are_reached'],
    'attempt-loop.ts',
    'return Math.max(0, life.deadlineAt - now) * (1 - Math.min(2, behind.length) / 4)',
    'return Math.max(0, life.deadlineAt - now + 0 * behind.length)',
  ),
  broken(
    'a canceled attempt stays in flight',
    ['nothing_is_left_behind', 'status_agrees', 'open_targets_are_not_ignored', 'everything_comes_back'],
    'lease.ts',
    'book.returnTrial(this.target, this.#mark)',
    'return',
  ),
  broken(
    'panic breaks into the windows of rate limits',
    ['panic_is_rare'],
    'health/standing.ts',
    "&& kind === 'breaker' && end === 'inferred'",
    "&& end === 'inferred'",
  ),
  broken(
    'a sole target is refused by its breaker',
    ['sole_target_is_not_refused'],
    'last-resort.ts',
    "if (only?.by === 'breaker' &&",
    "if (only?.by === 'breaker' && now < 0 &&",
  ),
  {
    name: 'what a request has brought upon itself opens a window',
    caughtBy: ['requests_condemn_nobody'],
    edits: [
      {
        file: 'policy/evidence.ts',
        find: "const kind = failure.scope === 'none' || failure.scope === 'request' ? undefined : windowKindOf(failure)",
        replace: "const kind = failure.scope === 'none' ? undefined : (windowKindOf(failure) ?? 'error')",
      },
      {
        file: 'policy/evidence.ts',
        find: "    case 'none':\n    case 'request':\n      return undefined\n    case 'target':",
        replace: "    case 'none':\n      return undefined\n    case 'request':\n    case 'target':",
      },
    ],
  },
  broken(
    'requests are not counted against their limit',
    ['limits_hold'],
    'limits/configured-limits.ts',
    'this.#requests?.add(1, now)',
    '',
  ),
  broken(
    'who waits forgets the deadline',
    ['waiting_is_worth_it', 'nothing_is_tried_too_late'],
    'last-resort.ts',
    'opens - now <= patienceMs && hasRoom && opens < deadlineAt',
    'opens - now <= patienceMs && hasRoom',
  ),
  broken(
    'the queue has no end',
    ['waiting_is_worth_it'],
    'waiting.ts',
    'return (this.#queued.get(queue) ?? 0) < this.#maxQueued',
    'return this.#maxQueued >= 0 || queue === undefined',
  ),
  broken(
    'a hint is believed however long it is',
    ['windows_keep_their_bounds'],
    'policy/evidence.ts',
    'Math.min(failure.retryAfterMs, maxHintMs)',
    'failure.retryAfterMs',
  ),
  broken(
    'a new key pays for the old one',
    ['new_keys_begin_anew'],
    'failover-manager.ts',
    'if (profile.apiKey !== before.apiKey) this.#keyChanged(profile)',
    '',
  ),
  broken(
    'a pin is lost',
    ['first_in_order_goes_first', 'everything_comes_back'],
    'chooser.ts',
    'return index !== -1 && gate.allows(index) ? index :',
    'return index < -1 ? index :',
  ),
  broken(
    'what is switched off is tried',
    ['out_of_use_is_left_alone'],
    'health/standing.ts',
    'if (disabled !== undefined)',
    "if (disabled?.reason === '')",
  ),
  broken(
    'the first failure condemns every key of its provider',
    ['open_targets_are_not_ignored', 'first_in_order_goes_first'],
    'course.ts',
    "if (!failure.isRetryable) this.exclude(target)\n        if (failure.reason === 'model_not_found')",
    "this.#noted().excluded.add(nameOf(target.scopes.provider))\n        if (failure.reason === 'model_not_found')",
  ),
  broken('what is back is flooded', ['comebacks_are_gentle'], 'health/ramp.ts', 'const FIRST = 2', 'const FIRST = 8'),
  broken(
    'an origin that refuses several keys has them condemned',
    ['incidents_burn_no_keys'],
    'health/incidents.ts',
    'incident.isOn = others.length > 0',
    'incident.isOn = others.length > 9',
  ),
  broken(
    'names that are not found are always the provider’s fault',
    ['our_network_condemns_nobody'],
    'name-failures.ts',
    'return this.#latest.size > 1',
    'return this.#latest.size > 9',
  ),
  broken(
    'nobody cares where it is that a request refers to',
    ['bindings_hold'],
    'binding.ts',
    'if (!binding.isDroppable && !this.#isServedBy(target, binding, owner)) return binding.kind',
    '',
  ),
  broken(
    'every request takes the detours',
    ['chain_is_kept'],
    'course.ts',
    'if (this.tries(target) >= this.#maxTries || link.onlyAfter !== this.#setbacks?.detour) return false',
    'if (this.tries(target) >= this.#maxTries) return false',
  ),
  broken(
    'a session goes wherever chance takes it',
    ['sessions_stay_together'],
    'select/selection.ts',
    'hashText(key)',
    'hashText(String(gate.now))',
  ),
  broken(
    'the order counts for nothing',
    ['first_in_order_goes_first'],
    'target-table.ts',
    'this.#isOrderFirst ? [byPlace, byPriority] : [byPriority, byPlace]',
    'this.#isOrderFirst ? [byPriority, byPlace] : [byPlace, byPriority]',
  ),
  broken(
    'a probe is made while somebody is finding out already',
    ['one_trial_at_a_time'],
    'prober.ts',
    '|| standing.trialLapsesAt !== undefined) return false',
    ') return false',
  ),
  broken(
    'what has nothing left is taken all the same',
    ['spent_goes_last'],
    'select/spent.ts',
    'return quotaScope.isSpent(now)',
    'return quotaScope.isSpent(Number.POSITIVE_INFINITY * now)',
  ),
  broken(
    'a group does not share its limits',
    ['limits_hold'],
    'health/profile-health.ts',
    'return this.limits.heldBy(now, tokens) ?? this.groupLimits?.heldBy(now, tokens)',
    'return this.limits.heldBy(now, tokens)',
  ),
  broken(
    'tokens are not set aside before',
    ['limits_hold'],
    'limits/configured-limits.ts',
    'const tokens = Math.round(Math.max(0, estimatedTokens))',
    'const tokens = 0 * estimatedTokens',
  ),
  broken('the oldest stories come first', ['stories_agree'], 'history.ts', '].reverse()', ']'),
  broken(
    'what is half-open is left out of the status',
    ['status_agrees'],
    'status.ts',
    "if (window.state === 'reopened') continue",
    "if (window.state !== 'cooling') continue",
  ),
  broken(
    'what another attempt repeats is passed on',
    ['answers_are_of_a_piece', 'answers_are_whole'],
    'stream-trail.ts',
    'else this.#plain.resumeWith(hooksOf(provider), mode)',
    "else if (mode === 'prefill') this.#plain.resumeWith(hooksOf(provider), mode)",
  ),
  broken(
    'whoever ignores a prefill is believed to go on from it',
    ['answers_are_of_a_piece', 'answers_are_whole'],
    '../recovery/text-seam.ts',
    'if (agreed === this.#head.length) throw new Diverged(agreed)',
    '',
  ),
  broken(
    'what differs is passed on',
    ['answers_are_of_a_piece', 'answers_are_whole'],
    '../recovery/text-seam.ts',
    'throw this.#diverged()\n    }\n    this.#matched += compared',
    '}\n    this.#matched += compared',
  ),
  broken(
    'an answer that ends before it has said all that was delivered is taken for whole',
    ['answers_are_whole'],
    '../recovery/text-seam.ts',
    "if (!this.isThrough && missing.trim() !== '') throw this.#diverged()",
    '',
  ),
  {
    name: 'an answer is gone on with whose tool has been called',
    caughtBy: ['answers_are_of_a_piece', 'answers_are_whole', 'recovery_is_as_agreed'],
    edits: [
      {
        file: 'failover-stream.ts',
        find: 'disarmedBy: () => this.#trail?.disarmedBy',
        replace: 'disarmedBy: () => undefined',
      },
      {
        file: '../recovery/plain-trail.ts',
        find: 'this.#isLost = this.#disarmedBy !== undefined',
        replace: 'this.#isLost = false',
      },
    ],
  },
  broken(
    'going on with an answer has no end',
    ['recovery_has_its_budget'],
    'recovering.ts',
    'this.#attemptsLeft -= 1',
    '',
  ),
  {
    name: 'a prefill that was refused is sent again and again',
    caughtBy: ['prefills_go_where_they_are_taken'],
    edits: [
      { file: 'attempt-loop.ts', find: 'recovering.restart(candidate.target)', replace: '' },
      {
        file: 'attempt-loop.ts',
        find: "if (reason === 'invalid_request') this.#engine.prefills.refused(target)",
        replace: '',
      },
    ],
  },
  broken(
    'nobody remembers who refused a prefill',
    ['prefills_go_where_they_are_taken'],
    'attempt-loop.ts',
    "if (reason === 'invalid_request') this.#engine.prefills.refused(target)",
    '',
  ),
  broken(
    'a caller who has left is served on',
    ['nothing_is_tried_too_late'],
    'attempt-loop.ts',
    'if (cancellation.isCanceled) return requestEnded(',
    'if (cancellation.isCanceled && this.#recovering === undefined) return requestEnded(',
  ),
  broken(
    'nobody says that the answer broke off',
    ['broken_answers_say_so'],
    'open-answer.ts',
    'else this.#conclude(streamInterrupted(broken.failure, broken.error, attempts, broken.secrets))',
    'else this.#conclude(callerLeft(attempts))',
  ),
  broken(
    'who says something else has failed',
    ['other_answers_condemn_nobody', 'healthy_answers_succeed'],
    'open-answer.ts',
    'if (!(error instanceof Diverged)) {',
    'if (!(error instanceof Diverged) || attempt !== undefined) {',
  ),
  broken(
    'a model that says something else is asked again',
    ['other_answers_are_left'],
    'attempt-loop.ts',
    "if (this.#attempts.at(-1)?.resume === 'restart') course.leave(link, target)\n      else",
    "if (this.#attempts.at(-1)?.resume !== 'restart')",
  ),
  broken(
    'prefills are sent although only a new beginning is configured',
    ['prefills_go_where_they_are_taken'],
    'recovering.ts',
    "settings.recovery.midStream === 'continue' &&",
    "settings.recovery.midStream !== 'off' &&",
  ),
  broken(
    'whoever cannot go on with an answer is asked to',
    ['recovery_is_as_agreed'],
    'work.ts',
    'if (cause !== undefined || !this.#isRecovering) return cause',
    'return cause',
  ),
  broken(
    'a failure of the request itself is gone on from',
    ['recovery_is_as_agreed'],
    'open-answer.ts',
    "breakage.failure.nextStep === 'return') return { cause: 'rejected' }",
    "breakage.failure.nextStep === 'return') {}",
  ),
  broken(
    'the success of a recovery is told again and again',
    ['recoveries_have_one_end_each'],
    'open-answer.ts',
    'this.#brokenAt = undefined\n',
    '\n',
  ),
]

function broken(
  name: string,
  caughtBy: BrokenRule['caughtBy'],
  file: string,
  find: string,
  replace: string,
): BrokenRule {
  return { name, caughtBy, edits: [{ file, find, replace }] }
}
