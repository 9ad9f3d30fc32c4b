import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly help: boolean;
  /** Print one JSON object as the last line of stdout. */
  readonly json: boolean;
  /** Keep everything running after the scenes, and print the URLs. */
  readonly serve: boolean;
  /** Letters of the scenes to run; all when undefined. */
  readonly only: readonly string[] | undefined;
  /** How many tokens the last scene revokes under load. */
  readonly revocations: number;
}

export const usage = `Usage: npm run demo -- [options]

Starts an authorization server, three API replicas with a sidecar each and a Redis of its own, all on free loopback
ports, and shows in scenes how a revoked token dies. Takes about a minute. Ends with a non-zero code when a scene fails.

  --json               print one JSON object as the last line of stdout; the story goes to stderr
  --serve              keep everything running and print the URLs and curls to paste; plays no scenes, unless --only
                       names some
  --only a,b,h         play only these scenes
  --revocations <n>    revocations under load in scene h, 1–5000 (default 200)
  --help               this text

Environment:
  REVOCAST_DEMO_SOURCE=embedded   use no Redis: one sidecar holds the log in memory, the others relay from it
  REVOCAST_REDIS_SERVER=<path>    the redis-server or valkey-server to start
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
  const stranger = only?.find((letter) => !letters.includes(letter));
  if (stranger !== undefined) throw new Error(`--only takes scenes from ${letters.join(',')}; got ${stranger}`);
  const revocations = Number(values.revocations);
  if (!Number.isInteger(revocations) || revocations < 1 || revocations > 5000) {
    throw new Error(`--revocations takes a whole number, 1–5000; got ${values.revocations}`);
  }
  return { help: values.help, json: values.json, serve: values.serve, only, revocations };
}
