import { systemClock } from '@revocast/denylist/replica';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { createRevokeToken } from '../token/revoke-token.ts';
import { type AttachOptions, checkAttachOptions } from './attach-options.ts';
import { noteAttachment } from './attachments.ts';
import { withoutMapper } from './claims-of.ts';
import { allowsPairwiseSubjects } from './pairwise.ts';
import type { OidcProvider, ProviderContext } from './provider.ts';
import { reasonOf } from './reason-of.ts';
import { inRequest } from './requests.ts';
import { revokeJwts } from './revoke-jwts.ts';
import { reportSessionEnds } from './session-ends.ts';
import { followTokenAnswers, isTokenRequest } from './token-answers.ts';

/**
 * Connects an oidc-provider server to a lifecycle. Call it once, right after `new Provider()`: its middleware must be the
 * outermost one.
 *
 * - Every end of a session is reported before the library deletes it; ends of grants are reported by `recording`.
 * - An answer is sent once what it ended is logged, or after `waitMs`. What could not be noted makes it a 500.
 * - Clients can revoke JWT access tokens at `/token/revocation`.
 * - Each answer of the token endpoint is counted, and has a span.
 *
 * @throws ConfigurationError for malformed options, for a second call with one provider, and for a provider that allows
 *         pairwise subjects while the lifecycle has no `subjectsOf`.
 */
export function attach(provider: OidcProvider, lifecycle: Lifecycle, options: AttachOptions = {}): void {
  const { waitMs, sid } = checkAttachOptions(options);
  const { mapsSubjects, observe } = lifecycle;
  if (!mapsSubjects && allowsPairwiseSubjects(provider)) throw withoutMapper();
  const keys = options.keys ?? provider.urlFor('jwks');
  const revokeToken = createRevokeToken(lifecycle, keys, waitMs);
  noteAttachment(provider, { sid, mapsSubjects });
  reportSessionEnds(provider, lifecycle, sid);
  const answerOf = followTokenAnswers(provider, () => systemClock.wallMs());

  provider.use((context: ProviderContext, next) =>
    inRequest({ context, waitMs }, async (request) => {
      const handle = async (): Promise<void> => {
        await next();
        await Promise.all(request.settling);
      };
      if (!isTokenRequest(context, provider)) {
        await handle();
        return;
      }
      let failure: { readonly error: unknown } | undefined;
      await observe.request(async () => {
        await handle().catch((error: unknown) => {
          failure = { error };
        });
        const answer = answerOf(context, failure !== undefined);
        if (request.endedGrant && reasonOf(context) === 'refresh_reuse') {
          observe.reused({ client: answer.client, kind: 'replayed' });
        }
        return answer;
      });
      if (failure !== undefined) throw failure.error;
    }),
  );
  revokeJwts(provider, revokeToken);
}
