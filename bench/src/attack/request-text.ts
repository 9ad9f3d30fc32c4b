export interface RequestParts {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request over HTTP/1.1. */
export function requestText({ method = 'GET', path, headers = {}, body = '' }: RequestParts): string {
  const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const fields = Object.entries({ Host: '127.0.0.1', ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${[`${method} ${path} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

/** The same request with a header field that makes it as long as `bytes`, if it is shorter. */
export function paddedRequest(parts: RequestParts, bytes: number): string {
  const padded = (padding: string) => requestText({ ...parts, headers: { ...parts.headers, 'X-Padding': padding } });
  return padded('x'.repeat(Math.max(0, bytes - padded('').length)));
}
