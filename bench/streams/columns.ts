const NAME_WIDTH = 14
const NARROW = 12
/** Of a range. */
const WIDE = 20

export function columns(name: string, cells: readonly string[]): string {
  return `${name.padEnd(NAME_WIDTH)}${cells.map((cell, index) => cell.padStart(index === 3 ? WIDE : NARROW)).join('')}`
}
