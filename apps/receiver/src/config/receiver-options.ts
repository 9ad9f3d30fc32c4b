import {
  choice,
  defineOptions,
  duration,
  listOf,
  logLevels,
  type OptionSpecs,
  parseListenAddress,
  text,
  trueOrFalse,
  type ValuesOf,
  type WrittenFor,
  whole,
} from '@revocast/sidecar/service';
import { type SourceInput, sourceList } from './source-list.ts';

const path = text({ expected: 'expected a path' });
const listenAddress = text({
  expected: 'expected <ip>:<port>, [<ipv6>]:<port> or unix:/path',
  accepts: (written) => parseListenAddress(written) !== undefined,
});

/** Every option of the receiver with its meaning, default and bounds. The table in docs/receiver.md is tested against it. */
export const receiverSpecs = {
  log: {
    kind: text({
      expected: 'expected a redis:, rediss:, http:, https:, unix:, file: or memory: URL',
      accepts: /^(rediss?|https?|unix|file|memory|rediss?[+](sentinel|cluster)|redis[+]unix):/,
    }),
    required: true,
    description: 'The revocation log: `redis[s]://host:6379` (docs/redis.md), or the URL of a sidecar.',
  },
  logTokenFile: { kind: path, description: 'File with the bearer token of the sidecar that `log` names.' },
  expectLog: {
    kind: text({ expected: 'expected 16 hex digits, the identity of a log', accepts: /^[0-9a-f]{16}$/ }),
    description: 'Identity of the log (`revocast_log_info`): revocations that would reach another log fail.',
  },
  sources: { kind: sourceList, required: true, description: 'What sends messages to this receiver, 1–100 sources.' },
  dangerouslyAllowHttp: {
    kind: trueOrFalse,
    initial: false,
    description:
      'Allows plain `http:` to issuers, transmitters and the log: for a network that no other host can reach.',
  },
  dataListen: {
    kind: listenAddress,
    initial: '0.0.0.0:7473',
    description: 'Where messages arrive: `<ip>:<port>` or `unix:/path` (mode 0660).',
  },
  adminListen: {
    kind: listenAddress,
    initial: '0.0.0.0:7474',
    description: 'Where probes and metrics are served. Read-only, and without identities.',
  },
  allowedHosts: {
    kind: listOf(text({ expected: 'expected names of hosts' }), 100),
    initial: [],
    description: 'Names that a request to `adminListen` may carry in `Host` beside localhost and IP addresses.',
  },
  dataTlsCertFile: { kind: path, description: 'File in PEM with the certificate of `dataListen`: it then serves TLS.' },
  dataTlsKeyFile: { kind: path, description: 'File in PEM with the private key of that certificate.' },
  dataTlsClientCaFile: { kind: path, description: 'File in PEM with the authority of client certificates.' },
  spool: {
    kind: path,
    description:
      'Directory for verified messages that cannot be logged yet, and for logout tokens while keys cannot be fetched. Each receiver needs its own, on a disk that outlives it.',
  },
  spoolMaxMessages: {
    kind: whole(1, 1_000_000),
    initial: 10_000,
    description: 'Messages that the spool holds. At the bound senders are answered 503.',
  },
  drainMs: {
    kind: duration(0, 300_000),
    initial: '5s',
    description: 'How long to keep serving after a stop signal.',
  },
  logLevel: { kind: choice(...logLevels), initial: 'info', description: 'The least severe lines to print.' },
} as const satisfies OptionSpecs;

export const receiverOptions = defineOptions({
  title: 'Configuration of revocast-receiver',
  specs: receiverSpecs,
  secrets: ['log'],
});

type Specs = typeof receiverSpecs;

/** The complete configuration: validated, with defaults. Durations are milliseconds. */
export type ReceiverConfig = ValuesOf<Specs>;

/** The configuration as it is written. */
export type ReceiverOptions = Omit<WrittenFor<Specs>, 'sources'> & { readonly sources: readonly SourceInput[] };
