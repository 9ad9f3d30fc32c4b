import { describe, expect, it } from '@jest/globals';
import { html } from '../../src/console/html.ts';

describe('html', () => {
  it('escapes every value that is not markup, for text and for attributes in both kinds of quotes', () => {
    expect(html`<p title="${`"'`}">${'<img src=x onerror=alert(1)>'} & ${'&amp;'}</p>`.toString()).toBe(
      '<p title="&quot;&#39;">&lt;img src=x onerror=alert(1)&gt; & &amp;amp;</p>',
    );
  });

  it('keeps markup unchanged, also in lists, and escapes text next to it', () => {
    const rows = ['<a>', 'b'].map((name) => html`<li>${name}</li>`);
    expect(html`<ul>${rows}${[['<i>', 1]]}</ul>`.toString()).toBe('<ul><li>&lt;a&gt;</li><li>b</li>&lt;i&gt;1</ul>');
  });

  it('writes nothing for undefined, and 0 for 0', () => {
    expect(html`[${undefined}|${0}|${''}]`.toString()).toBe('[|0|]');
  });

  it('rejects an object that only resembles markup', () => {
    const forged = { toString: () => '<script>' };
    expect(() => html`${forged as unknown as string}`.toString()).toThrow();
  });
});
