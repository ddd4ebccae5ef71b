/** A copy of the URL with another path; the query stays. */
export function withPath(url: URL, pathname: string): URL {
  const changed = new URL(url)
  changed.pathname = pathname
  return changed
}

/** The path without slashes at its end. */
export function pathOf(url: URL): string {
  const path = url.pathname
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

/** `v1`, `v1beta`, `v4`: how versions are written in paths. */
export const VERSION_SEGMENT = /^v\d[a-z0-9]*$/i
