/** Text that may stand in a page as it is. Only {@link html} makes it, so that whatever else comes in is escaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand between the words of a template; `undefined` leaves nothing behind. */
export type HtmlValue = string | number | Markup | undefined | readonly HtmlValue[];

/** Template tag: what is written is markup, every value is escaped unless it is markup itself. */
export function html(words: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(words.map((word, index) => (index === 0 ? word : render(values[index - 1]) + word)).join(''));
}

/** For text that must not be escaped: what stands inside `<script>` and `<style>`, and is ours. */
export function trusted(text: string): Markup {
  return new Markup(text);
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

/** Both kinds of quotes too: a value may stand inside an attribute. */
function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
