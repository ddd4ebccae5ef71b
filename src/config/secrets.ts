import { type Environment, variable } from './expand.ts'

/** Shorter ones would tear up ordinary words; no message shows what stands at these places anyway. */
const MIN_HIDDEN = 8

/** Every secret that a configuration holds or names, whether or not its shape is right. */
export function secretsIn(value: unknown, environment: Environment): string[] {
  return [...find(value, environment)].filter((secret) => secret.length >= MIN_HIDDEN)
}

function* find(value: unknown, environment: Environment): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (/^(?:apiKey|key|adminKey)$/.test(key)) {
      if (typeof item === 'string') yield item
      const name: unknown = typeof item === 'object' && item !== null && 'env' in item ? item.env : undefined
      if (typeof name === 'string') yield variable(environment, name) ?? ''
    } else if (key === 'headers' && typeof item === 'object' && item !== null) {
      yield* Object.values(item).filter((text) => typeof text === 'string')
    } else {
      yield* find(item, environment)
    }
  }
}
