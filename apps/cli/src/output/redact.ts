/** Removes credentials in URLs, and everything that looks like a token, from a text that quotes an argument. */
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
