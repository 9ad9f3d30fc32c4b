import type { IncomingMessage } from 'node:http';
import { TokenFile } from '@revocast/sidecar/service';
import type { Answer } from './answers.ts';
import type { SourceRouteParts } from './open-route.ts';

export const unauthenticated = { outcome: 'refused', reason: 'bad_credential' } as const satisfies Answer;

export function openTokens(
  name: string,
  path: string,
  { clock, log }: Pick<SourceRouteParts, 'clock' | 'log'>,
): TokenFile {
  const option = `sources.${name}.authorizationFile`;
  const onLost = (reason: string) => log.warn({ option, reason }, 'the tokens of this file are not valid any longer');
  return new TokenFile({ option, path, clock, onLost });
}

export function isBearer({ headers }: IncomingMessage, tokens: TokenFile): boolean {
  const token = /^Bearer +([^ ]+) *$/i.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && tokens.has(token);
}
