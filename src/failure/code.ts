/** As codes are compared. AWS puts a namespace before its own, and an address behind: `aws#ThrottlingException:http://…`. */
export function asCode(text: string): string {
  const from = text.lastIndexOf('#') + 1
  const to = text.indexOf(':http', from)
  return (from === 0 && to < 0 ? text : text.slice(from, to < 0 ? undefined : to)).toLowerCase()
}
