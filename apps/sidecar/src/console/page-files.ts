import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const read = (name: string, type: string): PageFile => ({
  type: `${type}; charset=utf-8`,
  text: readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8'),
});

/** Reads the files that the page loads. @returns them by request path. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  return new Map([
    ['/console/page.css', read('page.css', 'text/css')],
    ['/console/page.js', read('page.js', 'text/javascript')],
    ['/console/explain-token.js', read('explain-token.js', 'text/javascript')],
  ]);
}
