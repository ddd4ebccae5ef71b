import type { DialectName } from '../../dialects/index.ts'
import type { FailoverManager } from '../../engine/index.ts'
import type { HttpProviders } from '../../http/index.ts'

/** A model as it is listed. */
export interface ListedModel {
  /** What a request names as its model. */
  readonly id: string
  /** `route`, or the provider's name. */
  readonly owner: string
}

/** What requests in a dialect can name: every route and every model the configuration speaks of that it can reach. */
export function listModels(manager: FailoverManager, registry: HttpProviders, dialect: DialectName): ListedModel[] {
  const { routes, fallbacks } = manager.config
  const isRoute = (name: string): boolean => Object.hasOwn(routes, name)
  const chainOf = (name: string, seen: readonly string[] = []): string[] => {
    const route = isRoute(name) && !seen.includes(name) ? routes[name] : undefined
    if (route === undefined) return isRoute(name) ? [] : [name]
    return [route.primary, ...(route.fallbacks ?? [])].flatMap((next) => chainOf(next, [...seen, name]))
  }
  const providerOf = (reference: string): string => registry.resolve(reference).provider
  const isSpoken = (reference: string): boolean => registry.upstreamOf(providerOf(reference))?.dialect.name === dialect
  const ofProfiles = manager
    .listProfiles()
    .flatMap(({ provider, model }) => (model === undefined ? [] : [`${provider}/${model}`]))
  const names = Object.keys(routes)
  const references = [
    ...names.flatMap((name) => chainOf(name)),
    ...fallbacks.flatMap((name) => chainOf(name)),
    ...ofProfiles,
  ]
  return [
    ...names.filter((name) => chainOf(name).some(isSpoken)).map((id) => ({ id, owner: 'route' })),
    ...[...new Set(references)].filter(isSpoken).map((id) => ({ id, owner: providerOf(id) })),
  ]
}

/** https://platform.openai.com/docs/api-reference/models */
export function openaiModel({ id, owner }: ListedModel): object {
  return { id, object: 'model', created: 0, owned_by: owner }
}

/** https://platform.claude.com/docs/en/api/models-list */
export function anthropicModel({ id }: ListedModel): object {
  return { type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' }
}

export function openaiList(models: readonly ListedModel[]): object {
  return { object: 'list', data: models.map(openaiModel) }
}

export function anthropicList(models: readonly ListedModel[]): object {
  return {
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }
}
