import {
  defaultMaxStalenessMs,
  isClientClassName,
  leastMaxStalenessMs,
  maxClientClasses,
  mostMaxStalenessMs,
  writeDuration,
} from '@revocast/denylist/replica';
import { choice, duration, listOf, text, trueOrFalse, whole } from './kinds.ts';
import { parseListenAddress } from './listen-address.ts';
import type { OptionSpecs, ValuesOf, WrittenFor } from './option-table.ts';

const sourceSchemes = ['redis', 'rediss', 'http', 'https', 'unix', 'file', 'memory'] as const;

const listenAddress = text({
  expected: 'expected <ip>:<port>, [<ipv6>]:<port> or unix:/path',
  accepts: (written) => parseListenAddress(written) !== undefined,
});
const filePath = text({ expected: 'expected a path' });

/**
 * Every option of the sidecar with its meaning, default and bounds. Flags, environment variables and `--help` are derived
 * from it; config.schema.json and the table in docs/sidecar.md are tested against it.
 */
export const optionSpecs = {
  source: {
    kind: text({
      expected: `expected a ${sourceSchemes.join(':, ')}: URL`,
      accepts: new RegExp(`^(${sourceSchemes.join('|')}|rediss?[+](sentinel|cluster)|redis[+]unix):`),
    }),
    required: true,
    description:
      'Where revocations come from: `redis[s]://host:6379` (Sentinel, Cluster, Unix socket and TLS: docs/redis.md), `http[s]://other-sidecar:7471` or `unix:/path` (relay), `file:/path` (embedded log of one node), `memory:` (embedded log that is lost when the process ends).',
  },
  sourceTokenFile: {
    kind: filePath,
    description: 'File with the bearer token for the sidecar that `source` names, if that sidecar requires one.',
  },
  stateFile: {
    kind: filePath,
    description:
      'File in which the sidecar remembers how far the log was. After a stop of all sidecars it shows whether a Redis backup was restored meanwhile (docs/redis.md). Give each sidecar its own, on a disk that outlives it.',
  },
  expectLog: {
    kind: text({ expected: 'expected 16 hex digits, the identity of a log', accepts: /^[0-9a-f]{16}$/ }),
    description:
      'Identity of the log, 16 hex digits (`revocast_log_info`): with another log the sidecar is not fresh and writes nothing back. A log without an identity gets this one.',
  },
  dangerouslyAllowHttp: {
    kind: trueOrFalse,
    initial: false,
    description:
      'Allows plain `http:` to a sidecar on another host as `source`. A host that can change this traffic can hide every revocation: use it only in a network that no other host can reach.',
  },
  dataListen: {
    kind: listenAddress,
    initial: '127.0.0.1:7471',
    description:
      'Where API processes read: `<ip>:<port>` or `unix:/path` (mode 0660). Off loopback needs a token file.',
  },
  adminListen: {
    kind: listenAddress,
    initial: '0.0.0.0:7472',
    description: 'Where probes and metrics are served. Read-only, and without identities.',
  },
  readTokenFile: {
    kind: filePath,
    description:
      'File with one or two bearer tokens, one per line, read again on change: for API processes that read the feed. If it is set, reading needs a token on loopback too.',
  },
  writeTokenFile: {
    kind: filePath,
    description:
      'The same for publishers: a token from it may revoke, lift and read. Without it the sidecar takes no revocations.',
  },
  relayTokenFile: {
    kind: filePath,
    description:
      'The same for relays that follow this sidecar: a token from it may also restore rules that the log has lost.',
  },
  tokenFile: {
    kind: filePath,
    description: 'The name of `writeTokenFile` in the last release. It will be removed.',
  },
  dataTlsCertFile: {
    kind: filePath,
    description:
      'File in PEM with the certificate of the data listener and its intermediates: it then serves TLS. Read again on change.',
  },
  dataTlsKeyFile: {
    kind: filePath,
    description: 'File in PEM with the private key of that certificate.',
  },
  dataTlsClientCaFile: {
    kind: filePath,
    description:
      'File in PEM with the authority of client certificates: readers and publishers then need such a certificate, besides the token.',
  },
  allowedHosts: {
    kind: listOf(text({ expected: 'expected names of hosts' }), 100),
    initial: [],
    description: 'Names that a request may carry in `Host` beside localhost and IP addresses, without port.',
  },
  maxStalenessMs: {
    kind: duration(leastMaxStalenessMs, mostMaxStalenessMs),
    initial: writeDuration(defaultMaxStalenessMs),
    description: 'Maximum age of the last proof that no revocation is missing.',
  },
  whenUnknown: {
    kind: choice('unavailable', 'accept'),
    initial: 'unavailable',
    description:
      'The option `whenUnknown` of the API process beside this sidecar: with `accept`, a stale sidecar stays ready.',
  },
  readyWhen: {
    kind: choice('synchronised', 'fresh'),
    description:
      'When `/readyz` answers 200. `synchronised`: since the sidecar was fresh for the first time; a stale one is `degraded`. `fresh`: only while it is fresh. Without it: `synchronised` where only this host can read (`dataListen`), else `fresh`.',
  },
  startupMaxMs: {
    kind: duration(0, 3_600_000),
    initial: '1m',
    description:
      'After this time without a first snapshot `/startupz` answers 200 with `gaveUp`, so that an outage of the source does not keep an API from starting.',
  },
  maxRules: {
    kind: whole(1, 100_000_000),
    initial: 4_000_000,
    description: 'Maximum number of rules in memory. When it is reached, the sidecar is not fresh; no rule is dropped.',
  },
  maxReaders: {
    kind: whole(1, 100_000),
    initial: 1000,
    description: 'Maximum number of readers at the same time; one more is answered 429.',
  },
  lastReleaseWire: {
    kind: choice('on', 'off'),
    initial: 'on',
    description:
      'Whether readers of the last release are served by server-sent events. With `off`, only streams are served.',
  },
  clientClasses: {
    kind: listOf(
      text({ expected: 'expected names of 1–64 letters, digits or . : - _', accepts: isClientClassName }),
      maxClientClasses,
    ),
    initial: [],
    description:
      'Names of the client classes by which tokens seen are counted, as in the API processes (docs/usage.md); every other is `other`.',
  },
  drainMs: {
    kind: duration(0, 300_000),
    initial: '15s',
    description: 'How long to keep serving after a stop signal: 15s beside the API, 0s as a native sidecar.',
  },
  logLevel: {
    kind: choice('info', 'warn', 'error', 'silent'),
    initial: 'info',
    description: 'The least severe lines to print.',
  },
} as const satisfies OptionSpecs;

type Specs = typeof optionSpecs;
export type OptionName = keyof Specs;

/** The complete configuration: validated, with defaults. Durations are milliseconds. */
export type Config = ValuesOf<Specs>;

/** The configuration as written by the operator: only `source` is required. */
export type ConfigInput = WrittenFor<Specs>;

/** Options whose value may contain a password: masked when printed, and also readable from a file (`sourceFile`). */
export const secretOptions: readonly string[] = ['source'];
