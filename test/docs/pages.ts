import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** The project's directory. */
export const ROOT_PATH = fileURLToPath(ROOT)

/** A page of the project, by its path from the project's directory. */
export function readPage(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

/** README.md, if there is one, and every page under docs/, by their paths from the project's directory. */
export function pagePaths(): string[] {
  const docs = readdirSync(new URL('docs/', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
  return [...['README.md'].filter((path) => existsSync(new URL(path, ROOT))), ...docs].sort()
}

/** The cells of every row of every table in a page, without the header rows. */
export function tableRows(page: string): string[][] {
  const lines = page.split('\n').filter((line) => line.startsWith('|'))
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The anchors a page's headings have, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The page without its fenced blocks. */
export function withoutBlocks(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, '')
}
