import type { IncomingMessage } from 'node:http';
import { openSecretFile } from '../config/secret-file.ts';
import type { SourceOf } from '../config/source-list.ts';
import { receive, receiveToken } from '../delivery/receive.ts';
import {
  matchesSecret,
  mostMessageBytes,
  mostWebhookBytes,
  oktaChallengeAnswer,
  type Reading,
  type ReadingContext,
  readAuth0Logs,
  readLogoutToken,
  readOktaEventHook,
  readSet,
  readSignatureHeader,
  readSignedJson,
} from '../signals/index.ts';
import type { Answer } from './answers.ts';
import { isBearer, openTokens, unauthenticated } from './authenticate.ts';
import { countAnswers } from './count-answers.ts';
import type { OpenRoute, SourceRouteParts, UncountedRoute } from './open-route.ts';
import { contentTypeOf } from './read-body.ts';
import { createRevocationRoute } from './revocation-route.ts';

/** The route of a source; undefined for one whose messages this receiver fetches. @throws ConfigurationError for a wrong file. */
export function routeOf(parts: SourceRouteParts): OpenRoute | undefined {
  const route = uncountedRoute(parts);
  return route && { ...route, report: countAnswers(parts.source, parts.ports.counter) };
}

function uncountedRoute(parts: SourceRouteParts): UncountedRoute | undefined {
  const { source } = parts;
  switch (source.kind) {
    case 'backchannel-logout':
      return logoutRoute(parts);
    case 'ssf':
      return source.delivery === 'push' ? pushRoute(source, parts) : undefined;
    case 'global-token-revocation':
      return createRevocationRoute(source, parts);
    case 'okta-event-hook':
      return {
        ...webhookRoute(source, parts, readOktaEventHook),
        get({ headers }) {
          const body = oktaChallengeAnswer(textOf(headers['x-okta-verification-challenge']));
          return body === undefined ? malformed : { outcome: 'other', status: 200, body };
        },
      };
    case 'auth0-log-stream':
      return webhookRoute(source, parts, readAuth0Logs);
    case 'signed-json':
      return signedRoute(source, parts);
  }
}

const malformed: Answer = { outcome: 'refused', reason: 'malformed_body' };

/** OpenID Connect Back-Channel Logout 1.0 §2.5. */
function logoutRoute({ source, context, ports }: SourceRouteParts): UncountedRoute {
  const read = (token: Uint8Array) => (nowMs: number) => readLogoutToken(token, context(nowMs));
  return {
    maxBytes: mostMessageBytes + 1024,
    form: 'error',
    doneStatus: 200,
    async post({ body, request }) {
      const isForm = contentTypeOf(request) === 'application/x-www-form-urlencoded';
      const tokens = isForm ? new URLSearchParams(Buffer.from(body).toString('latin1')).getAll('logout_token') : [];
      const [text] = tokens;
      // RFC 6749 §3.2: a parameter must not be sent twice.
      if (text === undefined || tokens.length !== 1) {
        return await receive(source, { outcome: 'refused', reason: 'malformed_body' }, ports);
      }
      const token = Buffer.from(text, 'latin1');
      return await receiveToken(source, token, { read: read(token), ports });
    },
  };
}

/** RFC 8935 §2. */
function pushRoute(source: SourceOf<'ssf'>, { context, ports, clock, log }: SourceRouteParts): UncountedRoute {
  const { authorizationFile: path, name } = source;
  const tokens = path === undefined ? undefined : openTokens(name, path, { clock, log });
  return {
    maxBytes: mostMessageBytes,
    form: 'err',
    doneStatus: 202,
    authenticate: tokens && (async (request) => (isBearer(request, tokens) ? undefined : unauthenticated)),
    async post({ body, request }) {
      if (contentTypeOf(request) !== 'application/secevent+jwt') {
        return await receive(source, { outcome: 'refused', reason: 'malformed' }, ports);
      }
      const reading = context(ports.nowMs());
      // A managed stream that is not set up yet: its audience is not known, and a refusal would be for ever.
      if (reading.source.audience.length === 0) {
        return await receive(
          source,
          { outcome: 'unavailable', status: 503, why: 'not_ready', retryAfterMs: 1000 },
          ports,
        );
      }
      return await receive(source, await readSet(body, reading), ports);
    },
    close: () => tokens?.close(),
  };
}

/** A webhook that proves itself by the secret in `Authorization`. */
function webhookRoute(
  source: SourceOf<'okta-event-hook' | 'auth0-log-stream'>,
  { context, ports, clock }: SourceRouteParts,
  read: (body: Uint8Array, context: ReadingContext) => Reading,
): UncountedRoute {
  const file = openSecretFile({ path: source.secretFile, option: `sources.${source.name}.secretFile`, clock });
  return {
    maxBytes: mostWebhookBytes,
    form: 'error',
    doneStatus: 200,
    authenticate: async ({ headers }) =>
      matchesSecret(headers.authorization?.replace(/^Bearer +/i, ''), file.secrets()) ? undefined : unauthenticated,
    post: async ({ body }) => await receive(source, read(body, context(ports.nowMs())), ports),
  };
}

const signatureHeaders = ['zitadel-signature', 'x-signature'] as const;

function signedRoute(source: SourceOf<'signed-json'>, { context, ports, clock }: SourceRouteParts): UncountedRoute {
  const file = openSecretFile({ path: source.secretFile, option: `sources.${source.name}.secretFile`, clock });
  return {
    maxBytes: mostWebhookBytes,
    form: 'error',
    doneStatus: 200,
    // Everything but the signature itself: a sender without it must not make this process read a large body.
    async authenticate(request) {
      const read = readSignatureHeader(signatureOf(request), ports.nowMs());
      return typeof read === 'string' ? { outcome: 'refused', reason: read } : undefined;
    },
    async post({ body, request }) {
      const header = signatureOf(request);
      const secrets = file.secrets().map((secret) => Buffer.from(secret));
      return await receive(source, readSignedJson({ body, header, secrets }, context(ports.nowMs())), ports);
    },
  };
}

function signatureOf({ headers }: IncomingMessage): string | undefined {
  return signatureHeaders.map((name) => textOf(headers[name])).find((text) => text !== undefined);
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
