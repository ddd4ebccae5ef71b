export type Style = 'dim' | 'bold' | 'red' | 'green' | 'yellow'

const CODES: Readonly<Record<Style, number>> = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33 }

/** Colours a text, or leaves it as it is. */
export type Paint = (text: string, style: Style) => string

export function painter(isColored: boolean): Paint {
  return (text, style) => (isColored && text !== '' ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text)
}
