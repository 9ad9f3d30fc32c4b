import {
  defaultMaxStalenessMs,
  isClientClassName,
  leastMaxStalenessMs,
  maxClientClasses,
  mostMaxStalenessMs,
} from '@revocast/denylist/replica';
import { z } from 'zod';
import { durationOption } from './duration-option.ts';
import { isHostLocal, parseListenAddress } from './listen-address.ts';

const sourceSchemes = ['redis', 'rediss', 'http', 'https', 'unix', 'file', 'memory'] as const;

const listenAddress = z
  .string()
  .refine((text) => parseListenAddress(text) !== undefined, 'expected <ip>:<port>, [<ipv6>]:<port> or unix:/path');

const filePath = z.string().min(1);

/**
 * Every option of the sidecar with its meaning, default and bounds. Flags, environment variables and `--help` are derived
 * from it; config.schema.json and the table in docs/sidecar.md are tested against it.
 */
export const configSchema = z
  .strictObject({
    source: z
      .string()
      .regex(
        new RegExp(`^(${sourceSchemes.join('|')}|rediss?[+](sentinel|cluster)|redis[+]unix):`),
        `expected a ${sourceSchemes.join(':, ')}: URL`,
      )
      .meta({
        description:
          'Where revocations come from: `redis[s]://host:6379` (Sentinel, Cluster, Unix socket and TLS: docs/redis.md), `http[s]://other-sidecar:7471` or `unix:/path` (relay), `file:/path` (embedded log of one node), `memory:` (embedded log that is lost when the process ends).',
      }),
    sourceTokenFile: filePath.optional().meta({
      description: 'File with the bearer token for the sidecar that `source` names, if that sidecar requires one.',
    }),
    stateFile: filePath.optional().meta({
      description:
        'File in which the sidecar remembers how far the log was. After a stop of all sidecars it shows whether a Redis backup was restored meanwhile (docs/redis.md). Give each sidecar its own, on a disk that outlives it.',
    }),
    expectLog: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'expected 16 hex digits, the identity of a log')
      .optional()
      .meta({
        description:
          'Identity of the log, 16 hex digits (`revocast_log_info`): with another log the sidecar is not fresh and writes nothing back. A log without an identity gets this one.',
      }),
    dangerouslyAllowHttp: z.boolean().default(false).meta({
      description:
        'Allows plain `http:` to a sidecar on another host as `source`. A host that can change this traffic can hide every revocation: use it only in a network that no other host can reach.',
    }),
    dataListen: listenAddress.default('127.0.0.1:7471').meta({
      description:
        'Where API processes read: `<ip>:<port>` or `unix:/path` (mode 0660). Off loopback needs a token file.',
    }),
    adminListen: listenAddress.default('0.0.0.0:7472').meta({
      description: 'Where probes and metrics are served. Read-only, and without identities.',
    }),
    readTokenFile: filePath.optional().meta({
      description:
        'File with one or two bearer tokens, one per line, read again on change: for API processes that read the feed. If it is set, reading needs a token on loopback too.',
    }),
    writeTokenFile: filePath.optional().meta({
      description:
        'The same for publishers: a token from it may revoke, lift and read. Without it the sidecar takes no revocations.',
    }),
    relayTokenFile: filePath.optional().meta({
      description:
        'The same for relays that follow this sidecar: a token from it may also restore rules that the log has lost.',
    }),
    tokenFile: filePath.optional().meta({
      description: 'The name of `writeTokenFile` in the last release. It will be removed.',
    }),
    dataTlsCertFile: filePath.optional().meta({
      description:
        'File in PEM with the certificate of the data listener and its intermediates: it then serves TLS. Read again on change.',
    }),
    dataTlsKeyFile: filePath.optional().meta({ description: 'File in PEM with the private key of that certificate.' }),
    dataTlsClientCaFile: filePath.optional().meta({
      description:
        'File in PEM with the authority of client certificates: readers and publishers then need such a certificate, besides the token.',
    }),
    allowedHosts: z.array(z.string().min(1)).max(100).default([]).meta({
      description: 'Names that a request may carry in `Host` beside localhost and IP addresses, without port.',
    }),
    maxStalenessMs: durationOption([leastMaxStalenessMs, mostMaxStalenessMs], defaultMaxStalenessMs).meta({
      description: 'Maximum age of the last proof that no revocation is missing.',
    }),
    whenUnknown: z.enum(['unavailable', 'accept']).default('unavailable').meta({
      description:
        'The option `whenUnknown` of the API process beside this sidecar: with `accept`, a stale sidecar stays ready.',
    }),
    readyWhen: z.enum(['synchronised', 'fresh']).optional().meta({
      description:
        'When `/readyz` answers 200. `synchronised`: since the sidecar was fresh for the first time; a stale one is `degraded`. `fresh`: only while it is fresh. Without it: `synchronised` where only this host can read (`dataListen`), else `fresh`.',
    }),
    startupMaxMs: durationOption([0, 3_600_000], 60_000).meta({
      description:
        'After this time without a first snapshot `/startupz` answers 200 with `gaveUp`, so that an outage of the source does not keep an API from starting.',
    }),
    maxRules: z.int().min(1).max(100_000_000).default(4_000_000).meta({
      description:
        'Maximum number of rules in memory. When it is reached, the sidecar is not fresh; no rule is dropped.',
    }),
    maxReaders: z.int().min(1).max(100_000).default(1000).meta({
      description: 'Maximum number of readers at the same time; one more is answered 429.',
    }),
    lastReleaseWire: z.enum(['on', 'off']).default('on').meta({
      description:
        'Whether readers of the last release are served by server-sent events. With `off`, only streams are served.',
    }),
    clientClasses: z
      .array(z.string().refine(isClientClassName, 'expected 1–64 letters, digits or . : - _'))
      .max(maxClientClasses)
      .default([])
      .meta({
        description:
          'Names of the client classes by which tokens seen are counted, as in the API processes (docs/usage.md); every other is `other`.',
      }),
    drainMs: durationOption([0, 300_000], 15_000).meta({
      description: 'How long to keep serving after a stop signal: 15s beside the API, 0s as a native sidecar.',
    }),
    logLevel: z.enum(['info', 'warn', 'error', 'silent']).default('info').meta({
      description: 'The least severe lines to print.',
    }),
  })
  .superRefine(({ dataListen, dataTlsCertFile, dataTlsKeyFile, dataTlsClientCaFile }, context) => {
    const refuse = (option: keyof typeof configSchema.shape, message: string) =>
      context.addIssue({ code: 'custom', path: [option], message });
    if (dataTlsCertFile === undefined && dataTlsKeyFile !== undefined)
      refuse('dataTlsCertFile', 'needed beside dataTlsKeyFile');
    if (dataTlsKeyFile === undefined && dataTlsCertFile !== undefined)
      refuse('dataTlsKeyFile', 'needed beside dataTlsCertFile');
    if (dataTlsCertFile === undefined && dataTlsClientCaFile !== undefined) {
      refuse('dataTlsCertFile', 'needed beside dataTlsClientCaFile');
    }
    if (dataTlsCertFile !== undefined && dataListen.startsWith('unix:')) {
      refuse('dataTlsCertFile', 'expected none with a Unix socket, which only this host can reach');
    }
  })
  .superRefine(({ dataListen, readTokenFile, writeTokenFile, relayTokenFile, tokenFile }, context) => {
    if (tokenFile !== undefined && writeTokenFile !== undefined) {
      context.addIssue({ code: 'custom', path: ['tokenFile'], message: 'expected none beside writeTokenFile' });
    }
    const address = parseListenAddress(dataListen);
    const isAnySet = [readTokenFile, writeTokenFile, relayTokenFile, tokenFile].some((path) => path !== undefined);
    if (address === undefined || isHostLocal(address) || isAnySet) return;
    context.addIssue({
      code: 'custom',
      path: ['readTokenFile'],
      message: `needed because dataListen ${dataListen} can be reached by other hosts; or listen on 127.0.0.1 or a Unix socket`,
    });
  });

/** The complete configuration: validated, with defaults. */
export type Config = Readonly<z.output<typeof configSchema>>;

/** The configuration as written by the operator: options with defaults may be absent. */
export type ConfigInput = z.input<typeof configSchema>;

/** Options whose value may contain a password: masked when printed, and also readable from a file (`sourceFile`). */
export const secretOptions: readonly string[] = ['source'];
