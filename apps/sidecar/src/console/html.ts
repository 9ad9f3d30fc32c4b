/** Text that is inserted into a page without escaping. Only {@link html} creates it; every other value is escaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A value in a template; `undefined` inserts nothing. */
export type HtmlValue = string | number | Markup | undefined | readonly HtmlValue[];

/** Template tag: the literal text is markup, and every value except {@link Markup} is escaped. */
export function html(words: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(words.map((word, index) => (index === 0 ? word : render(values[index - 1]) + word)).join(''));
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
  return value instanceof Markup ? value.toString() : value.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also escapes both kinds of quotes: a value may be part of an attribute. */
function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
