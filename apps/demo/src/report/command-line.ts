import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly help: boolean;
  /** Print one JSON object as the last line of stdout. */
  readonly json: boolean;
  /** Keep everything running after the scenes, and print the URLs. */
  readonly serve: boolean;
  /** Letters of the scenes to run; all when undefined. */
  readonly only: readonly string[] | undefined;
  /** Number of tokens that the last scene revokes under load. */
  readonly revocations: number;
}

export const usage = `Usage: npm run demo -- [options]

Starts an authorization server, three API replicas with one sidecar each, and a Redis, all on free loopback ports. Shows
in scenes how revoked tokens are refused. Takes about a minute. The exit code is not 0 when a scene fails.

  --json               print one JSON object as the last line of stdout, and everything else to stderr
  --serve              keep all processes running, and print URLs and curl commands; plays no scenes, except those of
                       --only
  --only a,b,h         play only these scenes
  --revocations <n>    number of revocations under load in scene h, 1–5000 (default 200)
  --help               print this text

Environment:
  REVOCAST_DEMO_SOURCE=embedded   run without Redis: one sidecar holds the log in memory, and the others relay from it
  REVOCAST_DEMO_STORE=postgres    the issuer keeps revocations that wait for the log in a PostgreSQL (default: in memory)
  REVOCAST_REDIS_SERVER=<path>    path of the redis-server or valkey-server to start
`;

/** @throws Error that names the option. */
export function parseCommandLine(argv: readonly string[], letters: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      serve: { type: 'boolean', default: false },
      only: { type: 'string' },
      revocations: { type: 'string', default: '200' },
    },
  });
  const only = values.only?.split(',').map((letter) => letter.trim());
  const unknown = only?.find((letter) => !letters.includes(letter));
  if (unknown !== undefined) throw new Error(`--only: expected scenes of ${letters.join(',')}, found ${unknown}`);
  const revocations = Number(values.revocations);
  if (!Number.isInteger(revocations) || revocations < 1 || revocations > 5000) {
    throw new Error(`--revocations: expected a whole number, 1–5000, found ${values.revocations}`);
  }
  return { help: values.help, json: values.json, serve: values.serve, only, revocations };
}
