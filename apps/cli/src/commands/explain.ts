import {
  type ExplainedCheck,
  type Explanation,
  explain as explainToken,
  type ProfileName,
  type VerifierOptions,
} from '@revocast/middleware';
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { addIssuerOptions, type IssuerOptions, profileNames, readIssuer } from '../options/issuer-options.ts';
import { addSourceOptions, type SourceOptions } from '../options/source-options.ts';
import { type Colour, paintFor } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { type ReadKeys, readKeys } from '../questions/read-keys.ts';
import { readCredentials } from '../questions/read-secret.ts';
import type { RevocationAnswer, Stated } from '../revocation/answer.ts';
import { type Answered, askRevocation } from '../revocation/ask-revocation.ts';
import type { World } from '../world.ts';

export interface ExplainOptions extends IssuerOptions, SourceOptions {
  readonly jwtFile?: string;
  readonly audience?: string;
  readonly profile?: ProfileName;
  readonly jwksFile?: string;
  /** `false` after `--no-revocation`. */
  readonly revocation?: boolean;
  readonly json?: boolean;
}

export function addExplain(program: Command): Command {
  const command = program
    .command('explain')
    .summary('show why a token is accepted or rejected')
    .description(
      'Checks a token step by step, as a verifier does, and shows how to fix what is wrong. The token is read from ' +
        'stdin or a file: the token alone, or a pasted line `Authorization: Bearer …`. It is never printed or sent. A ' +
        'sidecar or the log is asked about its revocation, with digests only.',
    )
    .argument('[token]', '- for stdin (the default); a token as argument is refused, because process lists show it')
    .option('--jwt-file <path>', 'read the token from a file')
    .option('--audience <aud>', 'the audience of the API (default: any)')
    .addOption(new Option('--profile <name>', 'the profile of the verifier').choices(profileNames))
    .addOption(new Option('--jwks-file <path>', 'read the key set from a file').conflicts('jwksUri'));
  addIssuerOptions(command, 'the key set (default: the one in the metadata of the issuer)');
  addSourceOptions(command, 'what to ask about revocation (default: the local sidecar)').option(
    '--no-revocation',
    'do not ask about revocation',
  );
  return command.option('--json', 'print one JSON object').addHelpText(
    'after',
    `
Examples:
  $ revocast explain --issuer https://login.example.com/ --audience https://api.example.com < token.txt
  $ revocast explain --jwt-file token.txt --issuer https://login.example.com/ --profile keycloak
  $ revocast explain --issuer https://login.example.com/ --source redis://redis:6379 < authorization-header.txt
  $ revocast explain - --issuer https://login.example.com/ --jwks-file keys.json --no-revocation --json < token.txt`,
  );
}

export async function explain(argument: string | undefined, options: ExplainOptions, world: World): Promise<ExitCode> {
  if (argument !== undefined && argument !== '-') {
    throw new UsageError('explain: process lists show arguments; pass the token on stdin or with --jwt-file');
  }
  const issuer = readIssuer(options, world);
  if (issuer === undefined) throw new UsageError('--issuer: required; without an issuer no key is trusted');
  const { audience = null, profile, dangerouslyAllowHttp = false, json = false, jwtFile = '-' } = options;
  const token = await readCredentials(jwtFile, world);
  const read = await withProgress(world, 'the key set', readKeys(issuer, options, world));
  const verifierOptions: VerifierOptions = {
    issuer,
    audience,
    revocation: null,
    logger: null,
    dangerouslyAllowHttp,
    jwks: read.keys,
    profile,
  };
  const explained = await explainToken(token, verifierOptions, { nowMs: world.clock.wallMs() });
  const { revocableBy: names, issuedAt = Number.POSITIVE_INFINITY } = explained;
  const isAsked = options.revocation !== false && names.length > 0;
  const question = isAsked ? askRevocation({ names, issuedAt }, options, world) : undefined;
  const answered = question && (await withProgress(world, 'the sidecar or the log', question));
  const decided = answered === undefined ? explained : withRevocation(explained, answered);
  const explanation =
    read.keys === undefined ? { ...decided, checks: [missingKeys(read), ...decided.checks] } : decided;
  world.stdout.write(json ? `${JSON.stringify(explanation)}\n` : format(explanation, world));
  const { outcome } = explanation;
  // Undecided: without keys, or while its revocation is unknown, the token is neither accepted nor rejected.
  return { accepted: exitCodes.ok, rejected: exitCodes.problem, undecided: exitCodes.unreachable }[outcome];
}

/** The check of the keys, when there are none: a verifier would answer 503. */
function missingKeys({ found, fix }: Exclude<ReadKeys, { keys: object }>): ExplainedCheck {
  return { check: 'keys', outcome: 'skipped', expected: 'the key set of the issuer', found, fix };
}

/** Puts the answer of the sidecar or the log into the place of the check that was skipped. */
function withRevocation(explanation: Explanation, { answer, source }: Answered): Explanation {
  const { outcome, reason, checks } = explanation;
  const check = describeAnswer(answer, source);
  const all = checks.map((each) => (each.check === 'revocation' ? check : each));
  if (outcome === 'rejected' || check.outcome === 'passed') return { ...explanation, checks: all };
  if (check.outcome === 'failed')
    return { ...explanation, outcome: 'rejected', reason: reason ?? check.reason, checks: all };
  return { ...explanation, outcome: 'undecided', checks: all };
}

function describeAnswer(answer: RevocationAnswer, source: string): ExplainedCheck {
  const described = { check: 'revocation', expected: 'no rule that denies the token' };
  switch (answer.state) {
    case 'not_revoked':
      return { ...described, outcome: 'passed', found: `none, says ${source}` };
    case 'revoked': {
      const { dimension, stated } = answer;
      const found = `revoked by its ${dimension}${describeStatement(stated)}, says ${source}`;
      const fix = 'If it was a mistake, lift that value: revocast lift. A cutoff cannot be lifted: a new login works.';
      return { ...described, outcome: 'failed', reason: `revoked_${dimension}`, found, fix };
    }
    case 'too_old': {
      const at = new Date(answer.restartedAtSeconds * 1000).toISOString();
      const found = `the log began empty at ${at}, after the token was issued, says ${source}`;
      const fix = 'Log in again; or, if nothing was lost, run: revocast-sidecar init';
      return { ...described, outcome: 'failed', reason: 'too_old', found, fix };
    }
    case 'unknown':
      return {
        ...described,
        outcome: 'skipped',
        found: `unknown: ${answer.why} (${source})`,
        fix: `${answer.fix} To leave revocation out: --no-revocation`,
      };
  }
}

/** When, why and by whom. */
function describeStatement(stated: Stated | undefined): string {
  if (stated === undefined) return '';
  const { kind, loggedAtMs, reason, actor } = stated;
  const why = kind === 'lift' ? 'lift' : (reason ?? 'no reason given');
  return ` (${why}, ${new Date(loggedAtMs).toISOString()}, by ${actor === undefined ? 'an actor that is not given' : JSON.stringify(printable(actor))})`;
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
