import type { CallOptions, FailoverEvent, FailoverStream } from '../../src/index.ts'
import { callTo } from './answers.ts'
import { referredTo } from './binding-book.ts'
import { type Asked, farewell, type Piece } from './fake-provider.ts'
import { errorOf, FAULT_KINDS } from './faults.ts'
import type { LeasePlan, RequestPlan } from './plan.ts'
import { Dice } from './random.ts'
import type { Caller } from './records.ts'
import type { Stage } from './stage.ts'

/** Makes a request as planned. Never rejects: the oracle is told how it ended. */
export async function ask(stage: Stage, plan: RequestPlan, seed: number): Promise<void> {
  const { manager, oracle } = stage
  const controller = plan.leaving === undefined ? undefined : new AbortController()
  const signal = controller?.signal
  const caller: Caller = {
    id: oracle.callers.length,
    plan,
    signal,
    seed,
    requestId: undefined,
    hasLeft: false,
    received: '',
    ends: 0,
    stream: undefined,
    ending: undefined,
  }
  const { fallbacks, deadlineMs, sessionKey, estimatedTokens, guess, guessedTokens, model, door } = plan
  const options: CallOptions = {
    ...(signal !== undefined && { signal }),
    ...(fallbacks !== undefined && { fallbacks }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(sessionKey !== undefined && { sessionKey }),
    ...(estimatedTokens !== undefined && { estimatedTokens }),
  }
  const binding = plan.binding && { ...plan.binding, id: referredTo(plan.binding, caller.id, seed) }
  const asked: Asked = {
    model,
    caller: caller.id,
    seed,
    ...(binding !== undefined && { binding }),
    ...(guess !== undefined && { guess }),
    ...(guessedTokens !== undefined && { guessedTokens }),
  }
  const stay = planLeaving(stage, caller, seed, controller)
  try {
    if (door === 'run') {
      await oracle.enter(caller, () =>
        manager.run(model, (context) => stage.provider(context.target.provider).answer(asked, context), options),
      )
      caller.ending = { kind: 'succeeded' }
    } else {
      await read(stage, caller, await oracle.enter(caller, () => manager.call(asked, options)))
    }
  } catch (error) {
    caller.ending ??= { kind: 'failed', error }
  } finally {
    stay()
  }
}

/** Lets the caller go away when it is planned. @returns what is done once there is nothing to leave any more */
function planLeaving(
  { clock, listeners }: Stage,
  caller: Caller,
  seed: number,
  controller?: AbortController,
): () => void {
  const { leaving } = caller.plan
  if (leaving === undefined || controller === undefined) return () => {}
  const leave = (): void => {
    const dice = new Dice(seed)
    caller.hasLeft = true
    if (caller.stream !== undefined && dice.chance(0.5)) caller.stream.cancel()
    else controller.abort(farewell(dice))
  }
  if ('afterMs' in leaving) {
    if (leaving.afterMs > 0) return clock.setTimer(leave, leaving.afterMs)
    leave()
    return () => {}
  }
  const listener = (event: FailoverEvent): void => {
    if (event.type !== leaving.upon || event.requestId !== caller.requestId) return
    listeners.delete(listener)
    leave()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

async function read({ clock, oracle }: Stage, caller: Caller, stream: FailoverStream<Piece>): Promise<void> {
  const { mode, pauseMs, events } = caller.plan.reading
  caller.stream = stream
  const completed = stream.completed.then(
    () => {
      caller.ending = { kind: 'succeeded' }
    },
    (error: unknown) => {
      caller.ending = { kind: 'failed', error }
    },
  )
  if (mode === 'cancel' || mode === 'dispose') caller.hasLeft = true
  if (mode === 'cancel') stream.cancel()
  else if (mode === 'dispose') await stream[Symbol.asyncDispose]()
  else if (mode !== 'never') {
    let count = 0
    const differ = (): void =>
      oracle.report('caller_and_events_agree', `caller ${caller.id}: the loop and completed end differently`)
    try {
      for await (const { type, text } of stream) {
        caller.received += type === 'call' ? callTo(caller.id) : text
        if (type === 'end') caller.ends += 1
        count += 1
        if (mode === 'early' && count > events) {
          caller.hasLeft = true
          break
        }
        if (mode === 'slow') await clock.sleep(pauseMs)
      }
      await completed
      if (caller.ending?.kind === 'failed' && !(mode === 'early' && caller.hasLeft)) differ()
    } catch (error) {
      await completed
      const { ending } = caller
      if (ending?.kind !== 'failed' || ending.error !== error) differ()
    }
  }
  await completed
  oracle.left(caller)
}

/** Takes a lease as planned, and ends it as planned. */
export async function borrow(stage: Stage, { provider, model, end, afterMs }: LeasePlan, seed: number): Promise<void> {
  const { manager, oracle, clock } = stage
  const dice = new Dice(seed)
  const lease = manager.acquire({ ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) })
  if (lease === undefined) return
  oracle.lent(lease, stage.now())
  if (end === 'forget') return
  await clock.sleep(afterMs)
  if (lease.isEnded) return
  const { apiKey } = lease.profile
  const error = errorOf(dice.pick([...FAULT_KINDS]), dice, typeof apiKey === 'string' ? apiKey : undefined)
  oracle.returned(lease, stage.now(), () => {
    if (end === 'succeed') lease.succeed({ usage: { inputTokens: dice.int(0, 50) } })
    else if (end === 'fail') lease.fail(error)
    else if (end === 'release') lease.release()
    else lease[Symbol.dispose]()
    // Whatever comes later does nothing.
    lease.fail(error)
  })
  if (end === 'succeed') oracle.served()
}
