import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { SidForm } from './attachments.ts';
import { sessionEnded } from './end-events.ts';
import type { OidcProvider, ProviderSession } from './provider.ts';
import { holdAnswerFor } from './requests.ts';

type Destroy = (this: ProviderSession) => Promise<void>;

/**
 * Reports the end of each session before the library deletes it, so that a crash in between leaves no token that nothing
 * revokes. The storage alone cannot see it: the library deletes a stored session also when a login changes its id.
 */
export function reportSessionEnds(provider: OidcProvider, lifecycle: Lifecycle, sid: SidForm): void {
  const { prototype }: { prototype: { destroy: Destroy } } = provider.Session;
  const { destroy } = prototype;
  prototype.destroy = async function (this: ProviderSession) {
    await report(this);
    await destroy.call(this);
  };

  async function report(session: ProviderSession): Promise<void> {
    // Without a login the session has no tokens.
    if (session.accountId === undefined) return;
    const ended = sidsOf(session, sid).map((value) => lifecycle.report(sessionEnded(value), { waitMs: 0 }));
    for (const outcome of await Promise.all(ended)) holdAnswerFor(outcome);
  }
}

/** Every value of the claim `sid` in access tokens of this session. */
function sidsOf({ uid, authorizations = {} }: ProviderSession, sid: SidForm): string[] {
  if (sid === 'session') return [uid];
  // Access tokens of a client whose ID tokens carry no `sid` have that of the session.
  return [uid, ...Object.values(authorizations).flatMap((client) => client.sid ?? [])];
}
