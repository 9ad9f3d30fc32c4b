import { isJsonObject, parseJsonObject } from '@revocast/denylist/replica';
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
import { addIssuerOptions, type IssuerOptions, readIssuer } from '../issuer-options.ts';
import { type Colour, paintFor } from '../paint.ts';
import { printable } from '../printable.ts';
import { withProgress } from '../progress.ts';
import { readText, readToken } from '../read-secret.ts';
import type { World } from '../world.ts';

export interface ExplainOptions extends IssuerOptions {
  readonly jwtFile?: string;
  readonly audience?: string;
  readonly profile?: ProfileName;
  readonly jwksFile?: string;
  readonly json?: boolean;
}

const profiles = ['rfc9068', 'keycloak', 'auth0', 'okta', 'entra', 'cognito', 'generic'] as const;

export function addExplain(program: Command): Command {
  const command = program
    .command('explain')
    .summary('show why a token is accepted or rejected')
    .description(
      'Checks a token step by step, as a verifier does, and shows how to fix what is wrong. The token is read from ' +
        'stdin or a file. It is never printed or sent. Revocation is not checked.',
    )
    .argument('[token]', '- for stdin (the default); a token as argument is refused, because process lists show it')
    .option('--jwt-file <path>', 'read the token from a file')
    .option('--audience <aud>', 'the audience of the API (default: any)')
    .addOption(new Option('--profile <name>', 'the profile of the verifier').choices(profiles))
    .addOption(new Option('--jwks-file <path>', 'read the key set from a file').conflicts('jwksUri'));
  addIssuerOptions(command, 'the key set (default: the one in the metadata of the issuer)');
  return command.option('--json', 'print one JSON object').addHelpText(
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
    throw new UsageError('explain: process lists show arguments; pass the token on stdin or with --jwt-file');
  }
  const issuer = readIssuer(options, world);
  if (issuer === undefined) throw new UsageError('--issuer: required; without an issuer no key is trusted');
  const { audience = null, profile, dangerouslyAllowHttp = false, json = false, jwtFile = '-' } = options;
  const token = await readToken(jwtFile, world);
  const jwks = await withProgress(world, 'the key set', readKeys(issuer, options, world));
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
  const { outcome } = explanation;
  // Undecided: without keys the token is neither accepted nor rejected.
  return { accepted: exitCodes.ok, rejected: exitCodes.problem, undecided: exitCodes.unreachable }[outcome];
}

type KeySet = NonNullable<VerifierOptions['jwks']>;

/** @returns undefined when the key set could not be fetched. */
async function readKeys(issuer: string, options: ExplainOptions, world: World): Promise<KeySet | undefined> {
  const { jwksFile, jwksUri, dangerouslyAllowHttp = false, timeout: timeoutMs } = options;
  if (jwksFile !== undefined) {
    const keys = parseKeys(readText(jwksFile, '--jwks-file', world));
    if (keys === undefined) throw new UsageError(`--jwks-file: expected a JSON object with keys in ${jwksFile}`);
    return keys;
  }
  const refusesHttp = (url: string) => url.startsWith('http:') && !dangerouslyAllowHttp;
  if (refusesHttp(issuer)) throw new UsageError('--issuer: expected https, or the keys in --jwks-file');
  const url = jwksUri ?? (await findKeySet(issuer, timeoutMs, world));
  if (url === undefined || refusesHttp(url)) return undefined;
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await world.fetch(url, { signal, redirect: 'error' }).catch(() => undefined);
  return response?.ok ? parseKeys(await response.text().catch(() => '')) : undefined;
}

async function findKeySet(issuer: string, timeoutMs: number, world: World): Promise<string | undefined> {
  const { claimedIssuer, jwksUri } = await discover({ issuer, timeoutMs }, world);
  // RFC 8414 §3.3: metadata that names another issuer must not be used.
  return claimedIssuer === issuer ? jwksUri : undefined;
}

function parseKeys(text: string): KeySet | undefined {
  const keys = parseJsonObject(text)?.['keys'];
  return Array.isArray(keys) ? { keys: keys.filter(isJsonObject) } : undefined;
}

const colours: Readonly<Record<string, Colour>> = {
  passed: 'green',
  failed: 'red',
  skipped: 'dim',
  accepted: 'green',
  rejected: 'red',
  undecided: 'yellow',
};

function format({ outcome, reason, checks }: Explanation, { stdout, environment }: World): string {
  const paint = paintFor(stdout, environment);
  const paintOutcome = (text: string) => paint(colours[text.trim()] ?? 'dim', text);
  const lines = checks.map(({ check, outcome: result, found, expected, fix }) => {
    const wanted = result === 'passed' ? '' : `; expected ${printable(expected)}`;
    return `${paintOutcome(result.padEnd(7))} ${check}: ${printable(found)}${wanted}${fix === undefined ? '' : `\n        ${printable(fix)}`}`;
  });
  return `${lines.join('\n')}\n\n${paintOutcome(outcome)}${reason === undefined ? '' : ` (${reason})`}\n`;
}
