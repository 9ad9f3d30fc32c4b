import type { HttpAnswer, SendRequest } from '../../client/send-request.ts';
import { parseObject } from '../../client/tokens.ts';
import type { Replica } from '../../world/world.ts';

/** The answer of an API replica: the status, and the reason of a refusal. */
export interface ApiAnswer {
  readonly status: number;
  readonly reason: string | undefined;
  /** The RFC 6750 error code of the challenge. */
  readonly error: string | undefined;
  readonly retryAfter: string | undefined;
}

export async function callApi(send: SendRequest, replica: Replica, accessToken: string): Promise<ApiAnswer> {
  return readAnswer(await send(`${replica.url}/orders`, { headers: { authorization: `Bearer ${accessToken}` } }));
}

/** The answers of all replicas, in their order. */
export function callAll(send: SendRequest, replicas: readonly Replica[], accessToken: string): Promise<ApiAnswer[]> {
  return Promise.all(replicas.map((replica) => callApi(send, replica, accessToken)));
}

export function haveStatus(answers: readonly ApiAnswer[], status: number): boolean {
  return answers.length > 0 && answers.every((answer) => answer.status === status);
}

function readAnswer({ status, headers, body }: HttpAnswer): ApiAnswer {
  const reason = status < 400 ? undefined : parseObject(body)['reason'];
  return {
    status,
    reason: typeof reason === 'string' ? reason : undefined,
    error: /error="([^"]+)"/.exec(headers['www-authenticate'] ?? '')?.[1],
    retryAfter: headers['retry-after'],
  };
}
