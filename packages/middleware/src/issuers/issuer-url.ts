/**
 * RFC 8414 §2: an issuer is an https URL without query and fragment. A hook is never called with any other text.
 *
 * @param allowHttp for tests: `http:` too.
 */
export function isIssuerUrl(text: string, allowHttp: boolean): boolean {
  if (!text.startsWith('https://') && !(allowHttp && text.startsWith('http://'))) return false;
  if (!URL.canParse(text) || /[?#]/.test(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
