import { type Clock, errorStatus, type TelemetryAttributes } from '@revocast/denylist/replica';
import { type ClientClasses, classNamesOf, classOf } from '../lifecycle/client-classes.ts';
import type { ActiveTokens } from './active-tokens.ts';
import { StormDetector } from './storm-detector.ts';
import type { TokenSpan, TokenTelemetryApi } from './token-api.ts';
import {
  type ActivePoint,
  type CountedAnswer,
  createTokenInstruments,
  noInstruments,
  scope,
} from './token-instruments.ts';
import {
  grantTypes,
  refreshKinds,
  type TokenAnswer,
  type TokenObserver,
  type TokenReuse,
  tokenResults,
} from './token-observer.ts';

/** A refresh so soon after the last one is a loop, or two tabs. */
const earlySeconds = 5;

interface TokenObserverOptions {
  readonly clientClasses: ClientClasses;
  readonly openTelemetry: TokenTelemetryApi | undefined;
  /** Of the application: then only its number is stated. */
  readonly countActive: (() => number | Promise<number>) | undefined;
  readonly active: ActiveTokens;
  readonly onStorm: ((client: string) => void) | undefined;
  readonly tokenIssued: (iat: number) => void;
  readonly refreshedEarly: () => void;
  readonly clock: Clock;
}

/** What a lifecycle has as `observe`. */
export function createTokenObserver(options: TokenObserverOptions): TokenObserver {
  const { openTelemetry: api, clientClasses, active, onStorm, clock } = options;
  const classify = classOf(clientClasses);
  const instruments =
    api === undefined
      ? noInstruments
      : createTokenInstruments({ api, classes: classNamesOf(clientClasses), readActive: () => readActive(options) });
  const storms = new StormDetector();

  const count = (answer: TokenAnswer): CountedAnswer => {
    const { client, issuedAt } = answer;
    if (issuedAt !== undefined) options.tokenIssued(issuedAt);
    const counted = countedAnswerOf(answer, classify(client), clock.wallMs());
    instruments.answered(counted);
    if (counted.grantType === 'client_credentials' && answer.expiresAt !== undefined) {
      active.issued(client, answer.expiresAt);
    }
    if (counted.replacedAgeSeconds !== undefined && counted.replacedAgeSeconds < earlySeconds) options.refreshedEarly();
    if (client !== undefined && storms.answered(client, clock.monotonicMs())) {
      instruments.storm(counted.clientClass);
      try {
        onStorm?.(client);
      } catch {
        // A hook that fails must not fail the answer of the token endpoint.
      }
    }
    return counted;
  };

  return {
    async request(handle) {
      if (api === undefined) {
        count(await handle());
        return;
      }
      await api.trace.getTracer(scope).startActiveSpan('oauth2.token.issue', async (span) => {
        try {
          describe(span, count(await handle()));
        } catch (error) {
          span.setStatus(errorStatus);
          throw error;
        } finally {
          span.end();
        }
      });
    },
    answered: (answer) => void count(answer),
    reused({ client, kind, ...details }) {
      instruments.reused(classify(client), kind);
      api?.trace.getActiveSpan?.()?.addEvent('refresh_token_reuse_detected', { kind, ...attributesOf(details) });
    },
  };
}

async function readActive({ countActive, active }: TokenObserverOptions): Promise<readonly ActivePoint[]> {
  if (countActive !== undefined) return [{ tokens: await countActive() }];
  return (await active.read()).map(({ clientClass: client_class, source, tokens }) => ({
    tokens,
    attributes: { client_class, source },
  }));
}

/** Every value that a client can choose is replaced by one of a closed list. */
function countedAnswerOf(answer: TokenAnswer, clientClass: string, nowMs: number): CountedAnswer {
  const { replacedIssuedAt } = answer;
  return {
    grantType: grantTypes.find((known) => known === answer.grantType) ?? 'other',
    result: tokenResults.find((known) => known === answer.result) ?? 'other',
    clientClass,
    refreshKind: refreshKinds.find((known) => known === answer.refreshKind),
    replacedAgeSeconds: replacedIssuedAt === undefined ? undefined : Math.max(0, nowMs / 1000 - replacedIssuedAt),
  };
}

function attributesOf({
  generationsBehind,
  secondsSinceRotation,
  familyDigest,
}: Omit<TokenReuse, 'client' | 'kind'>): TelemetryAttributes {
  return {
    ...(generationsBehind !== undefined && { generations_behind: generationsBehind }),
    ...(secondsSinceRotation !== undefined && { seconds_since_rotation: secondsSinceRotation }),
    ...(familyDigest !== undefined && { family_digest: familyDigest }),
  };
}

function describe(span: TokenSpan, { grantType, result, clientClass, replacedAgeSeconds }: CountedAnswer): void {
  if (grantType === 'refresh_token') span.updateName('oauth2.token.refresh');
  span.setAttributes({
    'oauth2.grant_type': grantType,
    'oauth2.result': result,
    'oauth2.client_class': clientClass,
    ...(replacedAgeSeconds !== undefined && { 'oauth2.token.age': replacedAgeSeconds }),
  });
  // An error of the client is not an error of the server.
  if (result === 'server_error') span.setStatus(errorStatus);
}
