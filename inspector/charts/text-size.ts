/**
 * How wide text is, in units of its font size: widths of Helvetica-Bold, U+0020 to U+007E (Adobe Core 14 AFM). It is the
 * widest of the faces that the pictures name, and Node has no fonts to ask.
 */
const WIDTHS = [
  278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
  556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
  280, 389, 584,
];
const FIRST = 0x20;
/** What is not in the table is taken for a wide character. */
const OTHER = 900;

export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) width += WIDTHS[(character.codePointAt(0) ?? 0) - FIRST] ?? OTHER;
  return (width / 1_000) * fontSize;
}

/** Breaks a list of words, joined by `, `, into lines that are not wider than `maxWidth` where a word allows it. */
export function wrapWords(words: readonly string[], fontSize: number, maxWidth: number): readonly string[] {
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const piece = index < words.length - 1 ? `${word},` : word;
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${piece}`, fontSize) <= maxWidth)
      lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return lines;
}
