import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { errorCodeOf, FeedError, type parseSource, readTlsFiles } from '@revocast/denylist/replica';

/** A sidecar as its URL names it: with the parameters `ca`, `cert`, `key` and `servername` of an https URL. */
export type SidecarSource = Extract<ReturnType<typeof parseSource>, { readonly kind: 'http' }>;

export interface Get {
  readonly source: Pick<SidecarSource, 'name' | 'baseUrl' | 'socketPath' | 'tls'>;
  readonly path: string;
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Got =
  | { readonly ok: true; readonly status: number; readonly body: string }
  /** The code of the error, such as ECONNREFUSED, or which file cannot be read. */
  | { readonly ok: false; readonly failure: string };

/** Sends one GET. It does not follow redirects. It supports Unix sockets, which `fetch` does not. Never rejects. */
export async function getText({ source, path, timeoutMs, headers = {} }: Get): Promise<Got> {
  const { name, baseUrl, socketPath, tls } = source;
  const url = new URL(`${baseUrl}${path}`);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const files = tls && (await readTlsFiles(tls, name));
    return await new Promise<Got>((resolve, reject) => {
      const sent = request(url, { ...files, headers, signal, agent: false, socketPath }, (response) => {
        text(response).then((body) => resolve({ ok: true, status: response.statusCode ?? 0, body }), reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  } catch (error) {
    if (error instanceof FeedError) return { ok: false, failure: error.message };
    return { ok: false, failure: signal.aborted ? 'no answer in time' : (errorCodeOf(error) ?? 'no answer') };
  }
}

/** Whether a failure is that of a certificate, of this side or the other. */
export function isCertificateFailure(failure: string): boolean {
  return /CERT|SIGNATURE|ERR_SSL|ERR_TLS|EPROTO/.test(failure);
}
