import type { RequestBody } from './request-body.ts'

/** Which session a request belongs to, as far as the request itself tells. */
export interface SessionGuess {
  readonly key: string
  /** The client names its sessions. Otherwise the key was made from what the session begins with. */
  readonly isNamed: boolean
}

/** Something a request refers to that exists only where it was made. */
export interface Binding {
  /** In the wire format's own word. */
  readonly kind: string
  /** The id, or the beginning of a text that tells it from others; it is never shown. */
  readonly id: string
  /** Who can serve it: the profile that made it, any profile of its quota group, or any profile of its provider. */
  readonly scope: 'profile' | 'quota_group' | 'vendor'
  /** Elsewhere it may be left out of the request, which then still means the same. */
  readonly isDroppable: boolean
}

/** Where a value stands: member names and places in lists, from the outside. */
export type JsonPath = readonly (string | number)[]

/** What a request of one wire format tells besides what it asks. Pure; takes whatever it is given. */
export interface RequestFormat {
  /** The members of the outermost object that these functions look at. */
  readonly members: readonly string[]
  /** Whatever `markedItems` is to find holds one of these as a key or as a text, below the outermost object. */
  readonly marks: readonly string[]
  sessionOf(body: RequestBody): SessionGuess | undefined
  bindingsOf(body: RequestBody): readonly Binding[]
  /** What is to be cut out so that nothing of these kinds is left. Only kinds that may be left out are known here. */
  removalsOf(body: RequestBody, kinds: readonly string[]): readonly JsonPath[]
  /** The most tokens the answer may have, where the request says so. */
  maxOutputTokensOf(body: RequestBody): number | undefined
  /** Is the answer as such kept where it was given, so that a later request may refer to it? */
  keepsAnswer(body: RequestBody): boolean
  /** The id it is kept by, in the event that tells it. */
  answerIdOf(event: unknown): string | undefined
  /** The ids by which later requests may refer to something that this event, or whole answer, brings. */
  bindingIdsOf(event: unknown): readonly string[]
}
