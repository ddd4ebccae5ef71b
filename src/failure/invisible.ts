/**
 * Characters without a width that get into values by copying: zero-width blanks and joiners, word joiners, byte order
 * marks. `node:http` hands on headers a character for each byte, so that these come as three of Latin-1 there.
 */
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]|\u00e2\u0080[\u008b-\u008d]|\u00e2\u0081\u00a0|\u00ef\u00bb\u00bf/g

/** What each of them begins with; almost no text has one. */
const INVISIBLE_BEGINNING = /[\u00e2\u00ef\u200b-\u200d\u2060\ufeff]/

/** The text without characters that nobody sees: between two digits they would make two numbers of one. */
export function withoutInvisible(text: string): string {
  return INVISIBLE_BEGINNING.test(text) ? text.replace(INVISIBLE, '') : text
}
