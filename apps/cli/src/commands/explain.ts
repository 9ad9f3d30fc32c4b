import {
  type Explanation,
  explain as explainToken,
  type ProfileName,
  type VerifierOptions,
} from '@revocast/middleware';
import { type Command, Option } from 'commander';
import { discover } from '../doctor/look-at-issuer.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { type Colour, paintFor } from '../paint.ts';
import { duration, webAddress } from '../parse-argument.ts';
import { withProgress } from '../progress.ts';
import { readSecretText } from '../read-secret-text.ts';
import type { World } from '../world.ts';

export interface ExplainOptions {
  readonly jwtFile?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly profile?: ProfileName;
  readonly jwksFile?: string;
  readonly jwksUri?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

const profiles = ['rfc9068', 'keycloak', 'auth0', 'okta', 'entra', 'cognito', 'generic'] as const;

export function addExplain(program: Command): Command {
  const command = program.command('explain').summary('say why a token is accepted or refused');
  command
    .description(
      'Checks a token step by step as a verifier would, and says what to mend. The token is read from stdin or a file, ' +
        'never printed and sent nowhere. Revocation is not asked about.',
    )
    .argument(
      '[token]',
      '- for stdin, which is the default; a token itself would show up in process lists and is refused',
    )
    .option('--jwt-file <path>', 'read the token from a file')
    .option('--issuer <url>', 'the issuer that is trusted (REVOCAST_ISSUER)', webAddress)
    .option('--audience <aud>', 'the audience of the API (default: any)')
    .addOption(new Option('--profile <name>', 'the profile of the verifier').choices(profiles))
    .addOption(new Option('--jwks-file <path>', 'the key set, from a file').conflicts('jwksUri'))
    .option('--jwks-uri <url>', 'the key set, from there (default: where the metadata of the issuer say)', webAddress)
    .option('--dangerously-allow-http', 'ask an issuer over plain http, in tests')
    .option('--timeout <duration>', 'how long an http server may take', duration([100, 60_000]), 3000)
    .option('--json', 'one JSON object');
  return command.addHelpText(
    'after',
    `
Examples:
  $ revocast explain --issuer https://login.example.com/ --audience https://api.example.com < token.txt
  $ revocast explain --jwt-file token.txt --issuer https://login.example.com/ --profile keycloak
  $ revocast explain - --issuer https://login.example.com/ --jwks-file keys.json --json < token.txt`,
  );
}

export async function explain(argument: string | undefined, options: ExplainOptions, world: World): Promise<ExitCode> {
  if (argument !== undefined && argument !== '-') {
    throw new UsageError('explain: arguments show up in process lists; give the token on stdin, or with --jwt-file');
  }
  const issuer = options.issuer ?? (world.environment['REVOCAST_ISSUER'] || undefined);
  if (issuer === undefined) throw new UsageError('--issuer: needed; nothing is trusted without');
  if (!URL.canParse(issuer)) throw new UsageError('REVOCAST_ISSUER: expected a URL');
  const token = await readSecretText(options.jwtFile ?? '-', '--jwt-file', world);
  const jwks = await withProgress(world, 'the key set', readKeys(issuer, options, world));
  const { audience = null, profile, dangerouslyAllowHttp = false, json = false } = options;
  const verifierOptions: VerifierOptions = {
    issuer,
    audience,
    revocation: null,
    logger: null,
    dangerouslyAllowHttp,
    jwks,
    profile,
  };
  const explanation = await explainToken(token, verifierOptions, { nowMs: world.clock.wallMs() });
  world.stdout.write(json ? `${JSON.stringify(explanation)}\n` : format(explanation, world));
  // Without keys nothing failed and nothing is proven: that is the fault of whoever did not answer.
  const { outcome } = explanation;
  return outcome === 'accepted' ? exitCodes.ok : outcome === 'rejected' ? exitCodes.problem : exitCodes.unreachable;
}

type KeySet = NonNullable<VerifierOptions['jwks']>;

/** @returns undefined when nobody gave one. */
async function readKeys(issuer: string, options: ExplainOptions, world: World): Promise<KeySet | undefined> {
  const { jwksFile, dangerouslyAllowHttp = false, timeout } = options;
  if (jwksFile !== undefined) {
    const keys = parseKeys(readFile(jwksFile, world));
    if (keys === undefined) throw new UsageError(`--jwks-file: ${jwksFile} holds no key set`);
    return keys;
  }
  const refusesHttp = (url: string) => url.startsWith('http:') && !dangerouslyAllowHttp;
  if (refusesHttp(issuer)) throw new UsageError('--issuer: expected https, or the keys by --jwks-file');
  const found = options.jwksUri ?? (await findKeySet(issuer, timeout, world));
  if (found === undefined || refusesHttp(found)) return undefined;
  const signal = AbortSignal.timeout(timeout);
  const answered = await world.fetch(found, { signal, redirect: 'error' }).catch(() => undefined);
  return answered?.ok ? parseKeys(await answered.text().catch(() => '')) : undefined;
}

async function findKeySet(issuer: string, timeoutMs: number, world: World): Promise<string | undefined> {
  const { claimedIssuer, jwksUri } = await discover({ issuer, timeoutMs, allowHttp: true }, world);
  // RFC 8414 §3.3: the keys of another issuer prove nothing.
  return claimedIssuer === issuer ? jwksUri : undefined;
}

function readFile(path: string, world: World): string {
  try {
    return world.readFile(path);
  } catch {
    throw new UsageError(`--jwks-file: cannot read ${path}`);
  }
}

function parseKeys(text: string): KeySet | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null || !('keys' in document)) return undefined;
    return Array.isArray(document.keys) ? { keys: document.keys } : undefined;
  } catch {
    return undefined; // an error page
  }
}

const marks: Readonly<Record<string, Colour>> = { passed: 'green', failed: 'red', skipped: 'dim' };
const colours: Readonly<Record<string, Colour>> = { accepted: 'green', rejected: 'red', undecided: 'yellow' };

function format({ outcome, reason, checks }: Explanation, { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const lines = checks.map((check) => {
    const mark = paint(marks[check.outcome] ?? 'dim', check.outcome.padEnd(7));
    const fix = check.fix === undefined ? '' : `\n        ${check.fix}`;
    const wanted = check.outcome === 'passed' ? '' : `; expected ${check.expected}`;
    return `${mark} ${check.check}: ${check.found}${wanted}${fix}`;
  });
  const sum = `${paint(colours[outcome] ?? 'dim', outcome)}${reason === undefined ? '' : ` (${reason})`}`;
  return `${lines.join('\n')}\n\n${sum}\n`;
}
