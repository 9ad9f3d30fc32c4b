import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver, type Receiver } from '@revocast/receiver';
import { openLog } from '@revocast/sidecar/service';
import type { ObservedWorld } from './observed-world.ts';

/** A receiver with a managed stream, whose transmitter does not answer. */
export async function startObservedReceiver({ issuer }: ObservedWorld): Promise<Receiver> {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-observed-'));
  const accessTokenFile = join(folder, 'token');
  writeFileSync(accessTokenFile, 'a-token');
  const receiver = await createReceiver(
    {
      log: 'memory:',
      dangerouslyAllowHttp: true,
      dataListen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      drainMs: 0,
      sources: [
        { name: 'idp', kind: 'ssf', delivery: 'poll', issuer: issuer.issuer, manage: true, accessTokenFile },
        { name: 'sso', kind: 'backchannel-logout', issuer: issuer.issuer, audience: ['shop'] },
      ],
    },
    { log: openLog({ level: 'silent' }) },
  );
  return {
    ...receiver,
    async stop() {
      await receiver.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
