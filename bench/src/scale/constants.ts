/** An input of the model, and its origin. */
export interface Constant {
  readonly value: number;
  readonly unit: string;
  readonly from: ReadFrom | MeasuredBy;
}

/** A constant of the code. A test compares the two. */
export interface ReadFrom {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly name: string;
}

export interface MeasuredBy {
  readonly measured: string;
}

const read = (value: number, unit: string, file: string, name: string): Constant => ({
  value,
  unit,
  from: { file: `packages/denylist/src/${file}`, name },
});
const measured = (value: number, unit: string, by: string): Constant => ({ value, unit, from: { measured: by } });

const onTheWire = 'bench/test/scale/messages.test.ts, on a socket';
const oneSidecar = 'one real sidecar and Redis 7.0, 1–256 readers, 0–20 revocations/s, two shared cores';
const coldStart = 'cold starts beside 10,000, 200,000 and 1,000,000 rules, two shared cores';
const redisAlone = 'Redis 7.0 alone, pipelined, two shared cores';

/** The inputs of the model. Times were measured on one slow machine, so ratios are more reliable than absolute values. */
export const constants = {
  rowBytes: read(32, 'B', 'codec/rows.ts', 'rowBytes'),
  snapshotHeaderBytes: read(48, 'B', 'codec/snapshot.ts', 'snapshotHeaderBytes'),
  reportEveryMs: read(1000, 'ms', 'log/reader.ts', 'reportMs'),
  lookMs: read(500, 'ms', 'http/wire/stream.ts', 'lookMs'),
  snapshotPatienceMs: read(30_000, 'ms', 'http/client/snapshot.ts', 'queueTimeoutMs'),
  silenceMs: read(2000, 'ms', 'redis/feed.ts', 'silenceMs'),
  beatMs: read(500, 'ms', 'redis/heartbeat.ts', 'beatMs'),
  snapshotPageRules: read(1000, 'rules', 'redis/feed.ts', 'snapshotPage'),
  maxReplicasPerServer: read(10_000, 'replicas', 'log/reader.ts', 'mostReplicas'),
  maxReplicasPerReport: read(10_000, 'replicas', 'log/reader.ts', 'mostReplicas'),
  defaultMaxRules: read(4_000_000, 'rules', 'table/denylist.ts', 'defaultMaxRules'),
  ruleMarginSeconds: read(600, 's', 'rules/rule.ts', 'ruleMarginSeconds'),
  forgetAfterSeconds: read(3600, 's', 'rules/rule.ts', 'forgetAfterSeconds'),
  maxTokenLifetimeSeconds: read(86_400, 's', 'rules/rule.ts', 'defaultMaxTokenLifetimeSeconds'),
  logRetentionMs: read(3_600_000, 'ms', 'redis/append.ts', 'logRetentionMs'),
  idRetentionMs: read(86_400_000, 'ms', 'redis/scripts/append.ts', 'idRetentionMs'),

  ruleFrameBytes: measured(195, 'B', onTheWire),
  proofFrameBytes: measured(60, 'B', onTheWire),
  pingBytes: measured(2, 'B', onTheWire),
  pongBytes: measured(6, 'B', onTheWire),
  reportBytes: measured(38, 'B', onTheWire),
  reportReplicaBytes: measured(22, 'B', 'the row of a replica in a report (docs/protocol.md)'),
  questionBytes: measured(16, 'B', 'an `ask` frame with its WebSocket header (docs/protocol.md)'),

  lineReplicaBytes: measured(46, 'B', oneSidecar),
  lineBytes: measured(257, 'B', oneSidecar),
  entryReplyBytes: measured(320, 'B', 'XREAD of one revocation of 229 B by 300 connections'),
  beatReplyBytes: measured(140, 'B', 'XREAD of one heartbeat of 43 B, as above'),

  sidecarBaseMb: measured(91, 'MB', coldStart),
  ruleBytes: measured(44, 'B', 'npm run bench -- --micro: arrays and filter; 45–50 B resident'),
  firstSyncBytes: measured(95, 'B', `${coldStart}: what a rule adds to a sidecar after its first snapshot`),
  readerMb: measured(0.06, 'MB', oneSidecar),
  redisRuleBytes: measured(106, 'B', coldStart),
  redisEntryBytes: measured(294, 'B', oneSidecar),
  redisIdBytes: measured(140, 'B', 'docs/redis.md'),

  startMs: measured(1200, 'ms', 'a sidecar from start to connected, two shared cores'),
  joinMs: measured(40, 'ms', `${coldStart}: an API process without rules`),
  serveRuleMs: measured(0.00013, 'ms', '60 readers at once, 200,000 rules: CPU of the sidecar, a rule; upper bound'),
  goneReaderMs: measured(2, 'ms', '60 readers at once, 200,000 rules: CPU of the sidecar for a reader that had left'),
  servedReaderMb: measured(1, 'MB', '60 readers at once, 200,000 rules: growth of the sidecar for each reader'),
  takeRuleMs: measured(0.001, 'ms', `${coldStart}: CPU of the reading process, a rule`),
  scanRuleMs: measured(0.0009, 'ms', `${coldStart}: CPU of Redis for HSCAN, a rule`),
  scanRuleBytes: measured(46.2, 'B', `${coldStart}: output of Redis, a rule`),
  firstSyncRuleMs: measured(0.0019, 'ms', `${coldStart}: CPU of the sidecar, a rule`),

  frameMs: measured(0.015, 'ms', '400 silent readers of one sidecar: CPU of one frame to one reader'),
  reportMs: measured(0.17, 'ms', '2,000 reports to one sidecar: CPU of the sidecar for one'),
  receiveMs: measured(1, 'ms', `${oneSidecar}: CPU for one read of the log, mostly cold code`),
  upstreamReportMs: measured(0.1, 'ms', `${oneSidecar}: CPU of a report about several replicas`),
  upstreamReplicaMs: measured(0.004, 'ms', `${oneSidecar}: the same, for each replica in it`),
  reportCycleMs: measured(2, 'ms', `${oneSidecar}: from one report upstream to the next under load`),
  reportCycleReplicaMs: measured(0.008, 'ms', `${oneSidecar}: the same, for each replica in it`),
  baseCpuMs: measured(5, 'ms/s', `${oneSidecar}: CPU of an idle sidecar`),

  redisCommandMs: measured(0.013, 'ms', 'XREAD by 300 connections: CPU of Redis, sockets included'),
  redisAppendMs: measured(1000 / 35_000, 'ms', 'the append script, pipelined: 35,000/s'),
  redisReplicaMs: measured(0.00017, 'ms', `${redisAlone}: CPU of a report for each replica in its line`),
  redisJoinLineMs: measured(0.0005, 'ms', `${redisAlone}: CPU of each line that a new reader reads`),
  redisJoinReplicaMs: measured(0.00006, 'ms', `${redisAlone}: the same, for each replica in the lines`),
  redisConnections: measured(10_000, 'connections', 'maxclients of redis.conf'),
} satisfies Readonly<Record<string, Constant>>;

export type ConstantName = keyof typeof constants;
export type Costs = Readonly<Record<ConstantName, number>>;

const names = Object.keys(constants) as ConstantName[]; // the keys of a literal

export function isConstantName(name: string): name is ConstantName {
  return Object.hasOwn(constants, name);
}

/** The values of the constants, with some of them replaced. */
export function costsWith(replaced: Partial<Costs> = {}): Costs {
  const costs = Object.fromEntries(names.map((name) => [name, replaced[name] ?? constants[name].value]));
  return costs as Costs; // one entry for each name
}
