/** A fenced TypeScript block of a page. */
export interface CodeBlock {
  /** `docs/library.md:12`: where its code begins. */
  readonly place: string
  /** The number of its first line of code in the page. */
  readonly line: number
  readonly code: string
  /** Why it is not run; absent where it is. */
  readonly noRunReason?: string
}

/**
 * The `ts` blocks of a page. One that must not run is fenced as `ts no-run` and has its reason in an HTML comment on the
 * line above.
 */
export function codeBlocksOf(path: string, page: string): CodeBlock[] {
  const lines = page.split('\n')
  return lines.flatMap((fence, index) => {
    const info = /^```ts(?: (.*))?$/.exec(fence)
    if (info === null) return []
    const end = lines.indexOf('```', index)
    if (end < 0) throw new Error(`${path}:${index + 1}: the block has no end`)
    const block = { place: `${path}:${index + 2}`, line: index + 2, code: lines.slice(index + 1, end).join('\n') }
    if (info[1] === undefined) return [block]
    const reason = /^<!-- (.+) -->$/.exec(lines.slice(0, index).findLast((line) => line.trim() !== '') ?? '')?.[1]
    if (info[1] !== 'no-run' || reason === undefined)
      throw new Error(`${path}:${index + 1}: only "ts" and "ts no-run" with a reason above it are known`)
    return [{ ...block, noRunReason: reason }]
  })
}

/** What a block says it prints, in order: the comments behind its `console.log(…)`; `…` at an end stands for the rest. */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, comment = '']) => comment.trim())
}

/** The first promised line that does not follow in what was printed; undefined where all do. */
export function brokenPromise(promised: readonly string[], printed: readonly string[]): string | undefined {
  let from = 0
  for (const line of promised) {
    const isKept = (said: string): boolean =>
      line.endsWith('…') ? said.startsWith(line.slice(0, -1).trimEnd()) : said.trim() === line
    const at = printed.findIndex((said, index) => index >= from && isKept(said))
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}
