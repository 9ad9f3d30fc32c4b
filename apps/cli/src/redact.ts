/**
 * Takes out of a text what must not be shown: credentials in URLs, and whatever looks like a token. For what others
 * made, as the text of a mistake that quotes an argument.
 */
export function redact(text: string): string {
  return text
    .replace(/(:\/\/)[^/\s'"]*@/g, '$1***@')
    .replace(/(password=)[^&\s'"]+/gi, '$1***')
    .replace(/\beyJ[\w-]*\.[\w.-]*/g, '<token>');
}

/** Whether a URL carries a secret, well formed or not. */
export function hasCredentials(url: string): boolean {
  return /:\/\/[^/?#]*@/.test(url) || /[?&]\w*password=/i.test(url);
}
