import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OutcomeState } from '@revocast/issuer';
import request from 'supertest';
import type { Issuer } from '../../src/issuer/create-issuer.ts';
import { createOperatorApp } from '../../src/issuer/operator-app.ts';
import { createOpenTelemetry } from '../../src/telemetry/open-telemetry.ts';

let done: unknown[][];
let state: OutcomeState;
// The part of an issuer that the routes of operators use.
const issuer = {
  rotateKey: (key: unknown) => void done.push(['rotate', key]),
  reportLeakedKey: async (kid: string) => {
    done.push(['leaked', kid]);
    return 'logged';
  },
  signOutEverywhere: async (...about: unknown[]) => {
    done.push(['sign out', ...about]);
    return state;
  },
} as unknown as Issuer;
const telemetry = createOpenTelemetry();
const options = { issuer, newKey: async () => ({ kty: 'EC', kid: 'next', d: 'private' }) };
const app = createOperatorApp({ ...options, ...telemetry });

beforeEach(() => {
  done = [];
  state = 'logged';
});

describe('the listener of operators', () => {
  it('rotates the signing key and answers with the new kid, without the private part', async () => {
    const { status, text } = await request(app).post('/keys');
    expect([status, text]).toEqual([201, '{"kid":"next"}']);
    expect(done).toEqual([['rotate', { kty: 'EC', kid: 'next', d: 'private' }]]);
  });

  it('accepts the report of a leaked key', async () => {
    await request(app).post('/keys/old/leaked').expect(204);
    expect(done).toEqual([['leaked', 'old']]);
  });

  it('signs a user out everywhere, and names the operator', async () => {
    await request(app).post('/accounts/alice/sign-out-everywhere').expect(204);
    expect(done).toEqual([['sign out', 'alice', 'operator']]);
  });

  it('answers 202 while the log cannot be reached', async () => {
    state = 'pending';
    await request(app).post('/accounts/alice/sign-out-everywhere').expect(202);
  });

  it('serves metrics in the format of Prometheus', async () => {
    telemetry.meter.createCounter('oauth2.token.issued').add(2, { result: 'success' });
    const { status, text, headers } = await request(app).get('/metrics');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('oauth2_token_issued_total{result="success"} 2\n');
  });

  it('answers 500 to a scrape when a callback of a metric fails', async () => {
    const broken = createOpenTelemetry();
    broken.meter.createObservableGauge('a.gauge').addCallback(() => {
      throw new Error('unreadable');
    });
    const answer = await request(createOperatorApp({ ...options, ...broken })).get('/metrics');
    expect(answer.status).toBe(500);
  });

  it('answers 404 to an invalid account name', async () => {
    await request(app).post('/accounts/Alice!/sign-out-everywhere').expect(404);
    expect(done).toEqual([]);
  });
});
