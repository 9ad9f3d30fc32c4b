import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher, LogError, type LogErrorCode, type Publisher, type Revocation } from '@revocast/denylist';
import { openLog } from '@revocast/sidecar/service';
import { createReceiver, type Receiver, type ReceiverOptions } from '../src/index.ts';

/** What the log took, in order: `revoke alice`, `block alice`, `lift alice`. */
export interface RecordedLog extends Publisher {
  readonly written: string[];
  /** What the log took, with its options. */
  readonly details: {
    readonly about: object;
    readonly id: string | undefined;
    readonly occurredAtMs: number | undefined;
  }[];
  /** Every further call, or every further block, fails with this code. Undefined: no further one. */
  failWith(code: LogErrorCode | undefined, only?: 'block'): void;
  close(): Promise<void>;
}

const stateIssuer = 'urn:revocast:account-state';

/** A log in memory that records what it takes, and can be down. A known id writes nothing. */
export async function recordedLog(): Promise<RecordedLog> {
  const publisher = await createPublisher('memory:');
  const written: string[] = [];
  const details: RecordedLog['details'] = [];
  const ids = new Set<string>();
  let failure: LogErrorCode | undefined;
  let onlyBlocks = false;
  const record = (
    verb: string,
    about: object,
    options: { id?: string | undefined; occurredAtMs?: number | undefined } = {},
  ) => {
    const { id, occurredAtMs } = options;
    if ('issuer' in about && about.issuer === stateIssuer) return;
    if (id !== undefined && ids.has(id)) return;
    if (id !== undefined) ids.add(id);
    const name = Object.entries(about).find(([key]) => ['session', 'subject', 'token', 'tenant'].includes(key))?.[1];
    written.push(`${verb} ${name}`);
    details.push({ about, id, occurredAtMs });
  };
  const fail = (isBlock: boolean) => {
    if (failure !== undefined && (isBlock || !onlyBlocks)) throw new LogError(failure, 'as the test wants');
  };
  return {
    ...publisher,
    written,
    details,
    failWith(code, only) {
      failure = code;
      onlyBlocks = only === 'block';
    },
    async revoke(revocation: Revocation, options) {
      fail(revocation.block === true);
      const published = await publisher.revoke(revocation, options);
      record(revocation.block === true ? 'block' : 'revoke', revocation, options);
      return published;
    },
    async lift(target, options) {
      fail(false);
      const published = await publisher.lift(target, options);
      record('lift', target, options);
      return published;
    },
  };
}

/** A temporary folder, removed with the test. */
export function folder(cleanUps: (() => unknown)[]): string {
  const path = mkdtempSync(join(tmpdir(), 'revocast-receiver-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function secretIn(path: string, name: string, secret: string): string {
  const file = join(path, name);
  writeFileSync(file, secret);
  return file;
}

/** A receiver on free ports that writes to the given log. */
export async function startReceiver(
  options: Pick<ReceiverOptions, 'sources'> & Partial<ReceiverOptions>,
  publisher?: Publisher,
): Promise<Receiver> {
  return await createReceiver(
    {
      log: 'memory:',
      dangerouslyAllowHttp: true,
      dataListen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      drainMs: 0,
      ...options,
    },
    { publisher, log: openLog({ level: 'silent' }) },
  );
}

export async function metricsOf({ adminUrl }: Receiver): Promise<string> {
  return await (await fetch(`${adminUrl}/metrics`)).text();
}
