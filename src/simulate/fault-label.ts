import { formatDuration } from './duration.ts'
import type { Down, Fault, LimitEffect } from './scenario.ts'

/** A fault in a few words: `openai: down (503)`, `openai:primary: 60 requests a minute`. */
export function labelOf(fault: Fault): string {
  if (fault.name !== undefined) return fault.name
  const { provider, profile, model, origin } = fault.about
  const subject = [provider, profile, model, origin].filter((name) => name !== undefined).join(' ')
  return `${subject === '' ? 'everything' : subject}: ${effectsOf(fault).join(', ')}`
}

function effectsOf({ down, reject, limit, errors, latency, cut, repeat }: Fault): string[] {
  return [
    ...(down === undefined ? [] : [wordsOf(down)]),
    ...(reject === undefined ? [] : [`refused (${reject})`]),
    ...(limit === undefined ? [] : limitsOf(limit)),
    ...(errors === undefined ? [] : [`${percent(errors.ratio)} errors (${errors.status})`]),
    ...(latency === undefined ? [] : slownessOf(latency)),
    ...(cut === undefined ? [] : [`${percent(cut)} of answers cut`]),
    ...(repeat === undefined ? [] : [`${formatDuration(repeat.forMs)} of every ${formatDuration(repeat.everyMs)}`]),
  ]
}

function wordsOf(down: Down): string {
  switch (down) {
    case 'refused':
      return 'refuses connections'
    case 'dns':
      return 'its name is not found'
    case 'silent':
      return 'silent'
    default:
      return `down (${down})`
  }
}

function limitsOf({ requestsPerMinute, tokensPerMinute, shared }: LimitEffect): string[] {
  const whose = shared ? ' in all' : ''
  return [
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests a minute${whose}`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens a minute${whose}`]),
  ]
}

function slownessOf({ factor, ms }: { readonly factor: number; readonly ms: number }): string[] {
  return [...(factor === 1 ? [] : [`×${factor} latency`]), ...(ms === 0 ? [] : [`${formatDuration(ms)} later`])]
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 1_000) / 10} %`
}
