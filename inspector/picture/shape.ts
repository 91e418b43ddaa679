/** An element of a picture as data: the page makes elements of it, the command line and the exports text. */
export interface Shape {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Shape | string)[];
}

export function shape(
  tag: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Shape | string)[]
): Shape {
  return { tag, attributes, children };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** XML 1.0 has no place for the other control characters, not even escaped. */
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const escaped = (text: string): string =>
  text.replaceAll(NO_XML, '\uFFFD').replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** XML text. */
export function toText({ tag, attributes, children }: Shape): string {
  const start = [tag, ...Object.entries(attributes).map(([name, value]) => `${name}="${escaped(String(value))}"`)];
  if (children.length === 0) return `<${start.join(' ')}/>`;
  const inner = children.map((child) => (typeof child === 'string' ? escaped(child) : toText(child)));
  return `<${start.join(' ')}>${inner.join('')}</${tag}>`;
}
