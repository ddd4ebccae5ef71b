export type JsonObject = Readonly<Record<string, unknown>>

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** The objects in an array; none where it is no array. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => asObject(item) !== undefined) : []
}

/** Is there anything in it: a text or array that is not empty, or an object? */
export function hasSubstance(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value) ? value.length > 0 : asObject(value) !== undefined
}

/** The number, where it is one that can count something. */
export function countIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
