import { type Check, declareCheck } from './check.ts';
import type { ReceiverFacts } from './look-at-receiver.ts';

const reachable = declareCheck(
  'receiver.reachable',
  'metrics of a receiver on its admin listener',
  'name the admin listener with --receiver, or see adminListen in the configuration of the receiver',
);
const streams = declareCheck(
  'receiver.streams',
  'a verification event of each managed stream within half an hour',
  'see docs/runbooks/signal-stream-silent.md',
);
const defaultSubjects = declareCheck(
  'receiver.default-subjects',
  'transmitters that send events about every subject',
  'add the subjects at the transmitter, or set its `default_subjects` to ALL',
);
const log = declareCheck(
  'receiver.log',
  'a log that answers the receiver',
  'mend the log, see docs/runbooks/receiver-log-unreachable.md',
);
const keys = declareCheck(
  'receiver.keys',
  'a key set of each source that sends signed messages',
  'see docs/runbooks/signal-keys-unavailable.md',
);
const subjects = declareCheck(
  'receiver.subjects',
  'an account for the subject of each event',
  'check `subjects` of the source; its directory receives the identifiers in question',
);
const issuers = declareCheck(
  'receiver.issuers',
  'no event about an issuer that is not in `tokenIssuers`',
  'add the issuer of the access tokens to `tokenIssuers` of the source, if it may revoke there',
);
const lost = declareCheck(
  'receiver.lost',
  'no verified message that was answered 503 although it is sent once',
  'set `spool`, see docs/runbooks/signals-lost.md',
);
const spool = declareCheck(
  'receiver.spool',
  'no event that waits for more than a minute',
  'mend the log, see docs/runbooks/signals-waiting.md',
);

const silentSeconds = 1800;
const waitingSeconds = 60;

/** Whether what identity providers send to a receiver becomes revocations. Counts are those since its start. */
export function judgeReceiver({ failure, samples, nowSeconds }: ReceiverFacts): Check[] {
  const named = (name: string) => samples.filter((sample) => sample.name === name);
  const counts = (name: string, result?: string) =>
    named(name).filter(({ labels, value }) => value > 0 && (result === undefined || labels['result'] === result));
  if (failure !== undefined) return [reachable('unreachable', failure)];
  if (named('receiver_ready').length === 0) return [reachable('fail', 'metrics of something else')];

  const silent = named('stream_verified_timestamp_seconds').filter(({ value }) => nowSeconds - value > silentSeconds);
  const states = named('stream_state').filter(({ labels, value }) => value === 1 && labels['state'] !== 'enabled');
  const troubles = [
    ...silent.map(
      ({ labels, value }) => `${labels['source']}: ${value === 0 ? 'none yet' : `last ${ago(nowSeconds - value)}`}`,
    ),
    ...states.map(({ labels }) => `${labels['source']}: ${labels['state']}`),
  ];
  const verified = new Set(named('stream_verified_timestamp_seconds').map(({ labels }) => labels['source']));
  const unverified = named('stream_state').filter(
    ({ labels, value }) => value === 1 && !verified.has(labels['source']),
  );
  const working = ['none is silent', ...unverified.map(({ labels }) => `${labels['source']}: cannot be verified`)];
  const restricted = counts('stream_needs_subjects');
  const unusable = named('receiver_keys_usable').filter(({ value }) => value === 0);
  const oldest = named('spool_oldest_seconds')[0]?.value ?? 0;
  return [
    reachable('ok', 'reachable'),
    troubles.length === 0 ? streams('ok', working.join('; ')) : streams('fail', troubles.join('; ')),
    restricted.length === 0
      ? defaultSubjects('ok', 'none is limited')
      : defaultSubjects('warn', restricted.map(({ labels }) => `${labels['source']}: only added subjects`).join('; ')),
    named('receiver_log_reachable').some(({ value }) => value === 0)
      ? log('fail', 'it does not answer')
      : log('ok', 'answers'),
    unusable.length === 0
      ? keys('ok', 'all usable')
      : keys('fail', unusable.map(({ labels }) => `${labels['source']}: cannot be fetched`).join('; ')),
    judgeCounts(subjects, counts('signals_total', 'unresolved')),
    judgeCounts(issuers, counts('signals_total', 'unmapped_issuer')),
    judgeCounts(lost, counts('signals_lost_total')),
    spool(
      oldest > waitingSeconds ? 'fail' : 'ok',
      oldest === 0 ? 'none waits' : `the oldest waits for ${Math.round(oldest)} s`,
    ),
  ];
}

function judgeCounts(check: ReturnType<typeof declareCheck>, found: ReceiverFacts['samples']): Check {
  const bySource = new Map<string, number>();
  for (const { labels, value } of found) {
    const source = labels['source'] ?? '';
    bySource.set(source, (bySource.get(source) ?? 0) + value);
  }
  if (bySource.size === 0) return check('ok', 'none');
  return check('warn', [...bySource].map(([source, count]) => `${source}: ${count}`).join('; '));
}

function ago(seconds: number): string {
  return `${Math.round(seconds / 60)} minutes ago`;
}
