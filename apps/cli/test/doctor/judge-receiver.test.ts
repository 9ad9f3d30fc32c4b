import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { judgeReceiver } from '../../src/doctor/judge-receiver.ts';
import { lookAtReceiver } from '../../src/doctor/look-at-receiver.ts';

const nowMs = 1_800_000_000_000;

/** The checks of a receiver with these metrics. */
async function examined(metrics: string, status = 200) {
  const server = createServer((_request, response) => void response.writeHead(status).end(metrics)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const facts = await lookAtReceiver({ url, timeoutMs: 3000 }, nowMs);
  server.close();
  return Object.fromEntries(
    judgeReceiver(facts).map(({ name, status: result, found }) => [name, `${result}: ${found}`]),
  );
}

const healthy = `revocast_receiver_ready 1
revocast_stream_verified_timestamp_seconds{source="sso"} ${nowMs / 1000 - 200}
revocast_stream_state{source="sso",state="enabled"} 1
revocast_stream_state{source="sso",state="paused"} 0
revocast_signals_total{source="sso",type="session-revoked",result="logged"} 7
revocast_signals_total{source="sso",type="session-revoked",result="unresolved"} 0
revocast_signals_lost_total{source="sso"} 0
revocast_spool_oldest_seconds 0
`;

describe('revocast doctor --receiver', () => {
  it('finds nothing in a receiver whose events become revocations', async () => {
    expect(await examined(healthy)).toEqual({
      'receiver.reachable': 'ok: reachable',
      'receiver.streams': 'ok: none is silent',
      'receiver.default-subjects': 'ok: none is limited',
      'receiver.log': 'ok: answers',
      'receiver.keys': 'ok: all usable',
      'receiver.subjects': 'ok: none',
      'receiver.issuers': 'ok: none',
      'receiver.lost': 'ok: none',
      'receiver.spool': 'ok: none waits',
    });
  });

  it('says which stream is silent, and which one is paused', async () => {
    const metrics = healthy
      .replace(String(nowMs / 1000 - 200), String(nowMs / 1000 - 7200))
      .replace('state="paused"} 0', 'state="paused"} 1');
    expect(await examined(metrics)).toMatchObject({
      'receiver.streams': 'fail: sso: last 120 minutes ago; sso: paused',
    });
    const never = healthy.replace(String(nowMs / 1000 - 200), '0');
    expect(await examined(never)).toMatchObject({ 'receiver.streams': 'fail: sso: none yet' });
  });

  it('says which stream has events only about added subjects, and which one cannot be verified', async () => {
    const more = `${healthy}revocast_stream_needs_subjects{source="okta"} 1
revocast_stream_needs_subjects{source="sso"} 0
revocast_stream_state{source="okta",state="enabled"} 1
`;
    expect(await examined(more)).toMatchObject({
      'receiver.streams': 'ok: none is silent; okta: cannot be verified',
      'receiver.default-subjects': 'warn: okta: only added subjects',
    });
  });

  it('says that the log does not answer', async () => {
    expect(await examined(`${healthy}revocast_receiver_log_reachable 0\n`)).toMatchObject({
      'receiver.log': 'fail: it does not answer',
    });
  });

  it('says of which source the key set cannot be fetched', async () => {
    expect(await examined(`${healthy}revocast_receiver_keys_usable{source="sso"} 0\n`)).toMatchObject({
      'receiver.keys': 'fail: sso: cannot be fetched',
    });
  });

  it('says of which source subjects have no account, and an issuer is not mapped', async () => {
    const more = `${healthy}revocast_signals_total{source="okta",type="session-revoked",result="unresolved"} 2
revocast_signals_total{source="okta",type="credential-change",result="unresolved"} 1
revocast_signals_total{source="okta",type="session-revoked",result="unmapped_issuer"} 4
`;
    expect(await examined(more)).toMatchObject({
      'receiver.subjects': 'warn: okta: 3',
      'receiver.issuers': 'warn: okta: 4',
    });
  });

  it('says that messages are lost, or wait', async () => {
    const metrics = healthy
      .replace('lost_total{source="sso"} 0', 'lost_total{source="sso"} 2')
      .replace('oldest_seconds 0', 'oldest_seconds 90');
    expect(await examined(metrics)).toMatchObject({
      'receiver.lost': 'warn: sso: 2',
      'receiver.spool': 'fail: the oldest waits for 90 s',
    });
  });

  it('says that something else answers, or nothing', async () => {
    expect(await examined('revocast_sidecar_ready 1\n')).toEqual({
      'receiver.reachable': 'fail: metrics of something else',
    });
    expect(await examined('', 404)).toEqual({ 'receiver.reachable': 'fail: status 404' });
    const closed = await lookAtReceiver({ url: 'http://127.0.0.1:1', timeoutMs: 3000 }, nowMs);
    expect(judgeReceiver(closed)).toMatchObject([
      { name: 'receiver.reachable', status: 'fail', found: 'ECONNREFUSED' },
    ]);
  });
});
