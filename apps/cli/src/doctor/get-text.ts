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
  /** A code of the platform, such as ECONNREFUSED. */
  | { readonly ok: false; readonly failure: string };

/** One GET without redirects, also over a Unix socket, which fetch cannot. Never rejects. */
export async function getText({ base, path, timeoutMs, headers = {} }: Get): Promise<Got> {
  const socketPath = /^unix:(?:\/\/)?(\/.*)$/.exec(base)?.[1];
  const url = new URL(`${socketPath === undefined ? base.replace(/\/+$/, '') : 'http://localhost'}${path}`);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await new Promise<Got>((resolve, reject) => {
      const options = { headers, signal, agent: false, socketPath } as const;
      const sent = request(url, options, (response) => {
        text(response).then((body) => resolve({ ok: true, status: response.statusCode ?? 0, body }), reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  } catch (error) {
    if (signal.aborted) return { ok: false, failure: 'no answer in time' };
    return { ok: false, failure: errorCodeOf(error) ?? 'no answer' };
  }
}
