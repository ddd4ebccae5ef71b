/** Stands for what was quoted, so that the words around it don't grow together. */
const QUOTED = '…'

/** A closing mark for each opening one. */
const CLOSING: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '`': '`',
  '“': '”',
  '‘': '’',
  '„': '“',
  '«': '»',
  '‹': '›',
  '「': '」',
  '『': '』',
}

/** Any mark that opens or closes. */
const MARK = /['"`“”‘’„«»‹›「」『』]/
const MARKS = /['"`“”‘’„«»‹›「」『』]/g

/** These are no apostrophes, whatever stands before them. */
const PLAIN_MARKS = '"「『'

/**
 * Quotation marks open before a word and close after one, so that apostrophes are none. What is not closed was cut
 * short: it goes on to the end. A mark that closes nothing shows that the quotation before it held marks itself. Takes
 * linear time.
 */
export function withoutQuotations(text: string): string {
  if (!MARK.test(text)) return text
  const parts: string[] = []
  /** How many parts stood before the latest quotation that each mark closed. */
  const partsBefore = new Map<string, number>()
  let from = 0
  let closing: string | undefined
  for (const { 0: mark, index: at } of text.matchAll(MARKS)) {
    if (closing !== undefined) {
      if (mark !== closing || !closes(text, at)) continue
      partsBefore.set(closing, parts.length - 1)
      parts.push(QUOTED)
      closing = undefined
      from = at + 1
    } else if (Object.hasOwn(CLOSING, mark) && opens(text, at)) {
      parts.push(text.slice(from, at))
      closing = CLOSING[mark]
    } else if (partsBefore.has(mark) && closes(text, at) && text[at - 1] !== ' ') {
      const before = partsBefore.get(mark) ?? 0
      for (const [other, count] of partsBefore) if (count > before) partsBefore.delete(other)
      parts.length = before + 1
      parts.push(QUOTED)
      from = at + 1
    }
  }
  parts.push(closing === undefined ? text.slice(from) : QUOTED)
  return parts.join('')
}

function opens(text: string, at: number): boolean {
  const before = text[at - 1]
  if (!isWord(before)) return true
  // `content"…`, and bytes as Python writes them: b'…'.
  return (PLAIN_MARKS.includes(text[at] ?? '') && isWord(text[at + 1])) || (before === 'b' && !isWord(text[at - 2]))
}

function closes(text: string, at: number): boolean {
  if (text[at] === '」' || text[at] === '』') return true
  return !isWord(text[at + 1]) && text[at - 1] !== '\\'
}

/** Part of a word in scripts that write apostrophes. */
function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\w\u00c0-\u024f\u0370-\u04ff]/.test(character)
}
