/** Something a request refers to that exists only where it was made. */
export interface Binding {
  /** What it is, in the wire format's own word: `previous_response_id`, `file_id`, `signature`, … */
  readonly kind: string
  /** The id it goes by, or any text that tells it from others; it is never shown. */
  readonly id: string
  /** Who can serve it: the profile that made it, any profile of its quota group, or any profile of its provider. */
  readonly scope: 'profile' | 'quota_group' | 'vendor'
  /** For another vendor it may be left out of the request, which then still means the same. */
  readonly isDroppable: boolean
}
