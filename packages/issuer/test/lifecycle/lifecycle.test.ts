import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle, memoryStore, StoreError } from '@revocast/issuer';
import { recordedLog } from '../recorded-log.ts';

const issuer = 'https://login.example.com/';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function openLifecycle() {
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer, log, store: memoryStore() });
  opened.push(log, lifecycle);
  return lifecycle;
}

describe('report', () => {
  it('answers logged once the log has the revocation', async () => {
    const lifecycle = await openLifecycle();
    const outcome = await lifecycle.report({ type: 'session_ended', session: 'sid-1' });
    expect({ state: outcome.state, published: outcome.published.length }).toEqual({ state: 'logged', published: 1 });
  });

  it('answers logged for every type of event', async () => {
    const lifecycle = await openLifecycle();
    const subject = 'alice';
    const events = [
      { type: 'session_ended', session: 's' },
      { type: 'grant_revoked', grant: 'g', reason: 'refresh_reuse' },
      { type: 'token_revoked', token: 't', expiresAt: 4_000_000_000 },
      { type: 'signed_out_everywhere', subject },
      { type: 'password_changed', subject, by: 'self-service' },
      { type: 'credential_leaked', subject },
      { type: 'user_disabled', subject },
      { type: 'user_enabled', subject },
      { type: 'user_deleted', subject },
      { type: 'consent_withdrawn', subject, client: 'shop' },
      { type: 'client_compromised', client: 'shop' },
      { type: 'key_compromised', key: 'k1' },
      { type: 'tenant_suspended', tenant: 't1' },
      { type: 'tenant_resumed', tenant: 't1' },
    ] as const;
    for (const event of events) {
      const { state } = await lifecycle.report(event);
      expect({ type: event.type, state }).toEqual({ type: event.type, state: 'logged' });
    }
  });
});

describe('a store that fails after an event was noted', () => {
  it('leaves the event pending, and does not make report reject', async () => {
    const log = await recordedLog();
    const store = memoryStore();
    const lifecycle = await createLifecycle({ issuer, log, store });
    opened.push(log, lifecycle);
    log.failWith('unavailable');
    store.outbox.read = () => Promise.reject(new StoreError('store_unavailable', 'as the test wants'));
    const event = { type: 'session_ended', session: 's' } as const;
    const outcome = await lifecycle.report(event, { waitMs: 50 });
    expect(outcome.state).toBe('pending');
    expect((await outcome.settled(50)).state).toBe('pending');
  });
});
