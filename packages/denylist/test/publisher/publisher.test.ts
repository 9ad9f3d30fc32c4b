import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { ConfigurationError } from '../../src/configuration-error.ts';
import type { Feed } from '../../src/log/feed.ts';
import {
  type Appended,
  type AppendRequest,
  type EvictionPolicy,
  LogError,
  type RevocationLog,
} from '../../src/log/revocation-log.ts';
import { createPublisherOver } from '../../src/publisher/publisher.ts';
import { digestOf } from '../../src/rules/digest.ts';

const issuer = 'https://issuer.example/';
const feed: Feed = { name: 'scripted', connect: () => Promise.reject(new Error('this feed has no connection')) };

/** A publisher for a scripted log whose clock is ahead of ours. */
function given({
  logAheadMs = 0,
  tellsTime,
  ...limit
}: {
  logAheadMs?: number;
  tellsTime?: 'yes' | 'no';
  broadRulesPerMinute?: number;
} = {}) {
  const clock = new FakeClock();
  const requests: AppendRequest[] = [];
  const failures: Error[] = [];
  const observed: unknown[] = [];
  let repeated = false;
  let closed = false;
  let drawn = 0;
  const policies: EvictionPolicy[] = [];
  const warnings: string[] = [];
  const log: RevocationLog = {
    async append(request): Promise<Appended> {
      requests.push(request);
      await clock.sleep(4);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      // Stamped in the middle of the round trip.
      const loggedAtMs = clock.wallMs() - 2 + logAheadMs;
      return {
        epoch: 'e1',
        head: 'h1',
        cursor: 'c1',
        loggedAtMs,
        redisReplicas: 2,
        evictionPolicy: policies.shift(),
        repeated,
      };
    },
    restore: () => Promise.reject(new Error('not asked here')),
    async denial(id) {
      if (id !== 'known') throw new LogError('refused', 'nothing was lifted');
      return { digest: Uint32Array.of(1, 2, 3, 4), dimension: 'grant' };
    },
    enforcement: () => Promise.reject(new Error('not scripted')),
    ...(tellsTime !== undefined && {
      async time() {
        if (tellsTime === 'no') throw new Error('no right to ask');
        await clock.sleep(2);
        const monotonicMs = clock.monotonicMs() - 1;
        return { logMs: clock.wallMs() - 1 + logAheadMs, monotonicMs, roundTripMs: 2 };
      },
    }),
    async close() {
      closed = true;
    },
  };
  const publisher = createPublisherOver({
    ...limit,
    warn: (warning) => warnings.push(warning),
    log,
    feed,
    clock,
    newId: () => {
      drawn += 1;
      return `drawn-${drawn}`;
    },
    observer: {
      published: (...told) => observed.push(told),
      failed: (error) => observed.push(error),
    },
  });
  /** Lets the log answer. */
  const answered = async <T>(asked: Promise<T>): Promise<T> => {
    asked.catch(() => {});
    await clock.advance(tellsTime === 'yes' ? 6 : 4);
    return await asked;
  };
  return {
    ...{ clock, publisher, requests, failures, observed, answered, policies, warnings },
    answerAsRepeated: () => {
      repeated = true;
    },
    isClosed: () => closed,
  };
}

describe('revoking', () => {
  it('shows by how much the clock of the log is ahead, once the log has answered', async () => {
    const { publisher, answered } = given({ logAheadMs: 9000 });
    expect(publisher.clockOffsetMs()).toBeUndefined();
    await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout' }));
    expect(publisher.clockOffsetMs()).toBe(9000);
  });

  it('logs digest, statement and details, and returns the outcome', async () => {
    const { publisher, requests, answered, clock, observed } = given();
    const startMs = clock.wallMs();
    const published = await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout', actor: 'eve' }));
    expect(published).toMatchObject({ id: 'drawn-1', epoch: 'e1', loggedAtMs: startMs + 2, redisReplicas: 2 });
    expect(requests).toEqual([
      {
        digest: digestOf({ dimension: 'session', issuer, value: 's1' }),
        statement: { kind: 'deny', until: 'longest-token' },
        details: {
          id: 'drawn-1',
          kind: 'revoke',
          dimension: 'session',
          reason: 'logout',
          actor: 'eve',
          requestedAtMs: startMs,
        },
        redisReplicas: 'all',
      },
    ]);
    expect(observed).toEqual([['revoke', 'session', 'logout']]);
  });

  it('says whether the log may evict it, and warns again only when that was mended in between', async () => {
    const { publisher, answered, policies, warnings } = given();
    const revoke = async (policy?: EvictionPolicy) => {
      if (policy !== undefined) policies.push(policy);
      const { evictionPolicy } = await answered(publisher.revoke({ issuer, session: 's', reason: 'logout' }));
      return [evictionPolicy, warnings.length];
    };
    const answers = [];
    for (const policy of [undefined, 'safe', 'unsafe', 'unknown', 'unsafe', 'safe', 'unsafe'] as const) {
      answers.push(await revoke(policy));
    }
    expect(answers).toEqual([
      ...[
        ['unknown', 0],
        ['safe', 0],
        ['unsafe', 1],
        ['unknown', 1],
        ['unsafe', 1],
        ['safe', 1],
        ['unsafe', 2],
      ],
    ]);
  });

  it('sends its limit of broad revocations to the log', async () => {
    const { publisher, requests, answered } = given({ broadRulesPerMinute: 9 });
    await answered(publisher.revoke({ issuer, tenant: 't', reason: 'admin' }));
    expect(requests[0]?.broadRulesPerMinute).toBe(9);
  });

  it('sends a digest and not the value', async () => {
    const { publisher, requests, answered } = given();
    await answered(publisher.revoke({ issuer, subject: 'alice@example.com', reason: 'admin' }));
    expect(JSON.stringify(requests)).not.toContain('alice');
  });

  it('uses the id, the number of redis replicas and the time that the caller gives', async () => {
    const { publisher, requests, answered, clock } = given();
    const occurredAtMs = clock.wallMs() - 700;
    const options = { id: 'mine', redisReplicas: 0, occurredAtMs };
    const published = await answered(publisher.revoke({ issuer, key: 'k', reason: 'key_compromise' }, options));
    expect(published.id).toBe('mine');
    expect(requests[0]).toMatchObject({ redisReplicas: 0, details: { id: 'mine', occurredAtMs } });
  });

  it.each<[string, object]>([
    ['redisReplicas', { redisReplicas: -1 }],
    ['redisReplicas', { redisReplicas: 101 }],
    ['redisReplicas', { redisReplicas: 1.5 }],
    ['id', { id: '' }],
    ['id', { id: 'with space' }],
    ['id', { id: 'é' }],
    ['id', { id: 'x'.repeat(129) }],
    ['occurredAtMs', { occurredAtMs: 1_767_225_600 }],
    ['occurredAtMs', { occurredAtMs: Number.NaN }],
  ])('refuses an invalid %s and logs nothing: %j', async (option, options) => {
    const { publisher, requests } = given();
    const refused = publisher.revoke({ issuer, session: 's', reason: 'logout' }, options);
    await expect(refused).rejects.toMatchObject({ code: 'configuration', option });
    expect(requests).toEqual([]);
  });

  it.each([0, 100])('accepts %i redis replicas', async (redisReplicas) => {
    const { publisher, requests, answered } = given();
    await answered(publisher.revoke({ issuer, session: 's', reason: 'logout' }, { redisReplicas }));
    expect(requests[0]?.redisReplicas).toBe(redisReplicas);
  });

  it('refuses an invalid revocation and logs nothing', async () => {
    const { publisher, requests } = given();
    // A caller in JavaScript can pass this.
    const forgotten = { issuer, reason: 'logout', subject: 's', client: undefined } as never;
    await expect(publisher.revoke(forgotten)).rejects.toThrow(ConfigurationError);
    expect(requests).toEqual([]);
  });
});

describe('the times of a revocation', () => {
  it('are in the log’s clock, also for the first revocation, when the log tells its time', async () => {
    const { publisher, requests, answered, clock } = given({ logAheadMs: 90_000, tellsTime: 'yes' });
    const startMs = clock.wallMs();
    await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout' }, { occurredAtMs: startMs - 5000 }));
    // The time of the call, not of the log's answer.
    expect(requests[0]?.details).toMatchObject({
      requestedAtMs: startMs + 90_000,
      occurredAtMs: startMs + 90_000 - 5000,
    });
  });

  it('are in the local clock when the log fails to tell its time, and the revocation is logged', async () => {
    const { publisher, requests, answered, clock } = given({ logAheadMs: 90_000, tellsTime: 'no' });
    const startMs = clock.wallMs();
    await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout' }));
    expect(requests[0]?.details.requestedAtMs).toBe(startMs);
  });

  it('are in the log’s clock after the first answer of the log', async () => {
    const { publisher, requests, answered, clock } = given({ logAheadMs: 5000 });
    await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout' }));
    const nowMs = clock.wallMs();
    const occurredAtMs = nowMs - 300;
    await answered(publisher.revoke({ issuer, session: 's2', reason: 'logout' }, { occurredAtMs }));
    expect(requests[0]?.details.requestedAtMs).toBe(nowMs - 4);
    expect(requests[1]?.details).toMatchObject({ requestedAtMs: nowMs + 5000, occurredAtMs: occurredAtMs + 5000 });
  });

  it('are not adjusted by the answer to a repeated id, which has the time of the first one', async () => {
    const { publisher, requests, answered, clock, answerAsRepeated } = given({ logAheadMs: -50_000 });
    answerAsRepeated();
    await answered(publisher.revoke({ issuer, session: 's1', reason: 'logout' }, { id: 'again' }));
    const nowMs = clock.wallMs();
    await answered(publisher.revoke({ issuer, session: 's2', reason: 'logout' }));
    expect(requests[1]?.details.requestedAtMs).toBe(nowMs);
  });
});

describe('a failure', () => {
  it('has the id, so that a retry cannot apply twice', async () => {
    const { publisher, failures, answered, observed } = given();
    const cause = new Error('connection lost');
    failures.push(new LogError('outcome_unknown', 'no answer', { cause }));
    const failed = answered(publisher.revoke({ issuer, session: 's', reason: 'logout' }));
    await expect(failed).rejects.toMatchObject({
      name: 'LogError',
      code: 'outcome_unknown',
      applied: 'unknown',
      id: 'drawn-1',
      message: 'no answer',
      cause,
    });
    expect(observed).toEqual([expect.objectContaining({ code: 'outcome_unknown' })]);
  });

  it.each([
    ['not_durable', true],
    ['outcome_unknown', 'unknown'],
    ['unavailable', false],
    ['refused', false],
  ] as const)('%s says whether it is in force: %s', (code, applied) => {
    expect(new LogError(code, '').applied).toBe(applied);
  });

  it('of another class is passed on unchanged', async () => {
    const { publisher, failures, answered } = given();
    const bug = new TypeError('a bug');
    failures.push(bug);
    await expect(answered(publisher.revoke({ issuer, session: 's', reason: 'logout' }))).rejects.toBe(bug);
  });
});

describe('revoking a token', () => {
  const jwt = (claims: object): string =>
    ['{"alg":"ES256"}', JSON.stringify(claims), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');

  it('denies its id until it has expired everywhere', async () => {
    const { publisher, requests, answered } = given();
    const token = jwt({ iss: issuer, jti: 't1', exp: 1_767_225_900 });
    await answered(publisher.revokeToken(token, { reason: 'admin', actor: 'eve', id: 'mine' }));
    expect(requests[0]).toMatchObject({
      digest: digestOf({ dimension: 'token', issuer, value: 't1' }),
      statement: { kind: 'deny', until: 1_767_225_900 + 600 },
      details: { id: 'mine', dimension: 'token', reason: 'admin', actor: 'eve' },
    });
  });

  it('reads the id from another claim, and has a default reason', async () => {
    const { publisher, requests, answered } = given();
    await answered(publisher.revokeToken(jwt({ iss: issuer, jti: 'no', uti: 'u1' }), { idClaim: 'uti' }));
    expect(requests[0]?.digest).toEqual(digestOf({ dimension: 'token', issuer, value: 'u1' }));
    expect(requests[0]?.details.reason).toBe('other');
  });

  it('refuses a string that is not a token', async () => {
    await expect(given().publisher.revokeToken('opaque')).rejects.toThrow(ConfigurationError);
  });
});

describe('lifting', () => {
  it('logs a lift of the value, with the actor', async () => {
    const { publisher, requests, answered, observed } = given();
    await answered(publisher.lift({ issuer, subject: 'alice', client: 'shop', actor: 'eve' }));
    expect(requests[0]).toMatchObject({
      digest: digestOf({ dimension: 'subject_client', issuer, value: ['alice', 'shop'] }),
      statement: { kind: 'lift' },
      details: { id: 'drawn-1', kind: 'lift', dimension: 'subject_client', actor: 'eve' },
    });
    expect(observed).toEqual([['lift', 'subject_client', 'other']]);
  });

  it('by the id of a revocation asks the log for the value', async () => {
    const { publisher, requests, answered, observed } = given();
    await answered(publisher.lift({ id: 'known', actor: 'eve' }, { id: 'mine' }));
    expect(requests[0]).toMatchObject({
      digest: Uint32Array.of(1, 2, 3, 4),
      statement: { kind: 'lift' },
      details: { id: 'mine', kind: 'lift', dimension: 'grant', actor: 'eve' },
    });
    expect(observed).toEqual([['lift', 'grant', 'other']]);
  });

  it('logs nothing for an id that the log refuses, and reports the failure', async () => {
    const { publisher, requests, observed } = given();
    await expect(publisher.lift({ id: 'forgotten' })).rejects.toMatchObject({ code: 'refused', applied: false });
    expect(requests).toEqual([]);
    expect(observed).toEqual([expect.objectContaining({ code: 'refused' })]);
  });

  it('refuses a client that is present but undefined: it must not lift the subject', async () => {
    const { publisher, requests } = given();
    const forgotten = { issuer, subject: 'alice', client: undefined } as never; // a caller in JavaScript can pass this
    await expect(publisher.lift(forgotten)).rejects.toThrow(ConfigurationError);
    expect(requests).toEqual([]);
  });
});

describe('a publisher', () => {
  it('has its log as a feed, and closes the log', async () => {
    const { publisher, isClosed } = given();
    expect(publisher.feed).toBe(feed);
    await publisher.close();
    expect(isClosed()).toBe(true);
  });
});
