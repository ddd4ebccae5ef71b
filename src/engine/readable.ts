/** What was thrown, if it can be looked at at all; a proxy that has been revoked, for one, cannot. */
export function readable(thrown: unknown): unknown {
  try {
    if (thrown instanceof Error) void [thrown.name, thrown.message]
    return thrown
  } catch {
    return new Error('something was thrown that cannot be read')
  }
}

/** What a thrown value says, whatever it is. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.message}` : String(thrown)
  } catch {
    return 'something was thrown that cannot be read'
  }
}
