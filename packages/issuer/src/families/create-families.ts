import { isName } from '@revocast/denylist/replica';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { Outcome, ReportOptions } from '../lifecycle/outcome.ts';
import type { Transaction } from '../outbox/outbox-store.ts';
import { StoreError } from '../outbox/store-error.ts';
import { isShadowed } from './advance.ts';
import type { EndedGrant, EndGrantOptions, Families, Opened } from './families.ts';
import type { Family } from './family.ts';
import type { FamilyObserver, Refusal } from './family-observer.ts';
import type { EndedFamilies, FamilyStore, Presented } from './family-store.ts';
import type { FamilySettings } from './options/family-options.ts';
import { checkGrant, checkLifetime, readBinding } from './options/read-grant.ts';
import { type Refused, type RefusedOutcome, refuse } from './refusal.ts';
import {
  childOf,
  decodeToken,
  encodeToken,
  familyBytes,
  hashOf,
  type RefreshToken,
  saltBytes,
  secretBytes,
} from './token/token.ts';

export interface FamiliesPorts {
  readonly issuer: string;
  readonly store: FamilyStore;
  readonly settings: FamilySettings;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly observer: FamilyObserver;
  /** {@link FamilyStore.countLiveAccess}, asked now and then. */
  readonly countLiveAccess: FamilyStore['countLiveAccess'];
  readonly report: (event: LifecycleEvent, options: ReportOptions) => Promise<Outcome>;
  /** Adds what follows from an event to the outbox, and ends no family: the store ends this one itself. */
  readonly note: (event: LifecycleEvent, tx: Transaction | undefined) => Promise<Outcome>;
}

/** How long a refused thief waits for the log. The revocation is in the outbox in any case. */
const waitForLogMs = 1000;

export function createFamilies(ports: FamiliesPorts): Families {
  const { issuer, store, settings, randomBytes, observer, report, note } = ports;
  const { keys, idleMs, absoluteMs, rules } = settings;

  const refuseAndCount = (outcome: RefusedOutcome, client: string | undefined, shown?: Refusal['shown']): Refused => {
    observer.refused({ outcome, client, shown });
    return refuse(outcome);
  };

  return {
    async open(grant) {
      checkGrant(grant);
      const { subject, client, session, accessSeconds } = grant;
      // A copy, as from a database: the caller may change the original. JSON null is no data.
      const data: unknown =
        grant.data === undefined ? undefined : (JSON.parse(JSON.stringify(grant.data)) ?? undefined);
      const token = { family: randomBytes(familyBytes), generation: 0, secret: randomBytes(secretBytes) };
      const family = await store.open({
        id: token.family,
        // Not the id of the row: access tokens carry the grant to every API.
        grant: Buffer.from(randomBytes(familyBytes)).toString('base64url'),
        issuer,
        client,
        subject,
        session,
        binding: readBinding(grant.binding),
        data,
        hash: hashOf(token.secret),
        keyId: keys.signing.id,
        idleMs,
        absoluteMs,
        accessMs: accessSeconds * 1000,
      });
      return openedOf('opened', family, { nowMs: family.openedAtMs, refreshToken: encodeToken(token, keys.signing) });
    },

    async present(text, use) {
      checkLifetime(use);
      const { client, accessSeconds } = use;
      const binding = readBinding(use.binding);
      // A public client names itself, so this is a request that is refused, and not a mistake of the caller.
      if (!isName(client)) return refuseAndCount('client_mismatch', undefined);
      const token = decodeToken(text, keys);
      if (token === undefined) return refuseAndCount('unknown', client);

      const salt = randomBytes(saltBytes);
      const child = childOf(token, salt, keys.signing);
      const noted: Outcome[] = [];
      let presented: Presented;
      try {
        presented = await store.present(
          {
            issuer,
            family: token.family,
            shown: { generation: token.generation, hash: hashOf(token.secret), client, binding },
            next: { hash: hashOf(child.secret), salt, keyId: keys.signing.id },
            rules,
            lifetimes: { idleMs, graceMs: rules.graceMs, accessMs: accessSeconds * 1000 },
          },
          async (ended, tx) => {
            const event = reuseOf(ended);
            if (event !== undefined) noted.push(await note(event, tx));
          },
        );
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return refuseAndCount('store_unavailable', client);
      }

      switch (presented.outcome) {
        case 'rotated': {
          const { family, nowMs, replacedAtMs } = presented;
          observer.refreshed({ outcome: 'rotated', client, nowMs, replacedAtMs });
          return openedOf('rotated', family, { nowMs, refreshToken: encodeToken(child, keys.signing) });
        }
        case 'retried': {
          const { family, nowMs } = presented;
          const refreshToken = againOf(token, family);
          if (refreshToken === undefined) return refuseAndCount('key_missing', client);
          observer.refreshed({ outcome: 'retried', client, nowMs });
          if (isShadowed(family)) observer.shadowed();
          return openedOf('retried', family, { nowMs, refreshToken });
        }
        case 'unknown':
          return refuseAndCount('unknown', client);
        default: {
          const { outcome, family, nowMs } = presented;
          const refused = refuseAndCount(outcome, client, { generation: token.generation, family, nowMs });
          // The answer follows the revocation: when a thief reads it, the access tokens are dead.
          for (const revocation of noted) await revocation.settled(waitForLogMs);
          return refused;
        }
      }
    },

    async list(subject) {
      const families = await store.list({ issuer, subject });
      return families.map((family) => ({
        grant: family.grant,
        client: family.client,
        session: family.session,
        data: family.data,
        openedAtMs: family.openedAtMs,
        refreshedAtMs: family.rotatedAtMs,
        expiresAtMs: expiryOf(family),
      }));
    },

    end: (which, { by, reason = 'logout', ...options } = {}) => report({ ...eventOf(which, reason), by }, options),

    endOpenedBefore: (time) => store.endOpenedBefore(time.getTime()),

    async countActive() {
      const clients = await ports.countLiveAccess();
      return [...clients.values()].reduce((sum, families) => sum + families, 0);
    },
  };

  /** The child that the current row was derived from this parent for. */
  function againOf(parent: RefreshToken, { salt, keyId }: Family): string | undefined {
    const key = keys.find(keyId);
    return key === undefined || salt === undefined ? undefined : encodeToken(childOf(parent, salt, key), key);
  }
}

function openedOf(
  outcome: Opened['outcome'],
  family: Family,
  { nowMs, refreshToken }: { readonly nowMs: number; readonly refreshToken: string },
): Opened {
  const { subject, client, session, grant, data } = family;
  const claims = { sub: subject, client_id: client, sid: session, grant_id: grant, iat: Math.floor(nowMs / 1000) };
  return { ok: true, outcome, refreshToken, expiresAtMs: expiryOf(family), grant, data, claims };
}

function expiryOf({ idleUntilMs, absoluteUntilMs }: Family): number {
  return Math.min(idleUntilMs, absoluteUntilMs);
}

/** Only a reuse revokes access tokens: an expired family has none, and a lost write is no theft. */
function reuseOf({ reason, grants: [grant] }: EndedFamilies): LifecycleEvent | undefined {
  if (reason !== 'refresh_reuse' || grant === undefined) return undefined;
  // Two processes may find one theft: the same id makes it one revocation.
  return { type: 'grant_revoked', grant, reason, id: `reuse:${grant}` };
}

function eventOf(which: EndedGrant, reason: NonNullable<EndGrantOptions['reason']>): LifecycleEvent {
  if ('grant' in which) return { type: 'grant_revoked', grant: which.grant, reason };
  if ('session' in which) return { type: 'session_ended', session: which.session, reason };
  return { type: 'signed_out_everywhere', subject: which.subject, keep: which.keep };
}
