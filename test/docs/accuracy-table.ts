import { writeFileSync } from 'node:fs'
import { accuracyTable } from '../../bench/classify.ts'
import { readPage } from './pages.ts'

/**
 * The table of `docs/failures.md` that tells how often verdicts are right. After rules or answers have changed:
 * `node test/docs/accuracy-table.ts`.
 */
const PAGE = 'docs/failures.md'
const BEGIN = '<!-- accuracy: made by test/docs/accuracy-table.ts -->'
const END = '<!-- end of accuracy -->'

/** What the page holds between the marks. */
export function accuracyInPage(page: string): string {
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()
}

if (import.meta.main) {
  const page = readPage(PAGE)
  const begin = page.indexOf(BEGIN) + BEGIN.length
  writeFileSync(PAGE, `${page.slice(0, begin)}\n\n${accuracyTable()}\n\n${page.slice(page.indexOf(END))}`)
}
