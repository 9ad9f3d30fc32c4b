import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { errorCodeOf } from '@revocast/denylist/replica';

export interface Get {
  /** `http:`, `https:`, or `unix:` with the path of a socket. */
  readonly base: string;
  readonly path: string;
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Got =
  | { readonly ok: true; readonly status: number; readonly body: string }
  /** The code of the error, such as ECONNREFUSED. */
  | { readonly ok: false; readonly failure: string };

/** Sends one GET. It does not follow redirects. It supports Unix sockets, which `fetch` does not. Never rejects. */
export async function getText({ base, path, timeoutMs, headers = {} }: Get): Promise<Got> {
  const socketPath = /^unix:(?:\/\/)?(\/.*)$/.exec(base)?.[1];
  const url = new URL(`${socketPath === undefined ? base.replace(/\/+$/, '') : 'http://localhost'}${path}`);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await new Promise<Got>((resolve, reject) => {
      const sent = request(url, { headers, signal, agent: false, socketPath }, (response) => {
        text(response).then((body) => resolve({ ok: true, status: response.statusCode ?? 0, body }), reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  } catch (error) {
    return { ok: false, failure: signal.aborted ? 'no answer in time' : (errorCodeOf(error) ?? 'no answer') };
  }
}
