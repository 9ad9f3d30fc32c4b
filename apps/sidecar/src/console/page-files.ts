import { readFileSync } from 'node:fs';

const types = [
  ['page.css', 'text/css'],
  ['page.js', 'text/javascript'],
  ['explain-token.js', 'text/javascript'],
] as const;

/** Reads the files that the page loads. @returns them by request path. */
export function pageFiles() {
  return types.map(([name, type]) => {
    const text = readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
    return [`/console/${name}`, { type, text }] as const;
  });
}
