import { parseJsonObject } from '@revocast/denylist/replica';
import { explain as explainToken, type ProfileName } from '@revocast/middleware';
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { profileNames } from '../options/issuer-options.ts';
import { readKeys } from '../questions/read-keys.ts';
import { readToken } from '../questions/read-secret.ts';
import type { World } from '../world.ts';

export interface DigestsOptions {
  readonly jwtFile?: string;
  readonly profile?: ProfileName;
  readonly jwksFile?: string;
  readonly json?: boolean;
}

export function addDigests(program: Command): Command {
  return program
    .command('digests')
    .summary('print the digests under which a token can be revoked')
    .description(
      'Prints the digest of every value by which a revocation can deny a token, as the console, `revocast tail` and ' +
        '`/console/digests` show them. Nothing is sent, and the token is not verified.',
    )
    .argument('[token]', '- for stdin (the default); a token as argument is refused, because process lists show it')
    .option('--jwt-file <path>', 'read the token from a file')
    .addOption(new Option('--profile <name>', 'the profile of the verifier').choices(profileNames))
    .option('--jwks-file <path>', 'read the key set from a file, for the digest of the thumbprint of its key')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ revocast digests --profile keycloak < token.txt
  $ revocast digests --json < token.txt | jq -r '.digests[] | select(.dimension == "session").digest'`,
    );
}

export async function digests(argument: string | undefined, options: DigestsOptions, world: World): Promise<ExitCode> {
  if (argument !== undefined && argument !== '-') {
    throw new UsageError('digests: process lists show arguments; pass the token on stdin or with --jwt-file');
  }
  const { jwtFile = '-', profile, jwksFile, json = false } = options;
  const token = await readToken(jwtFile, world);
  const issuer = issuerOf(token);
  if (issuer === undefined) {
    throw new UsageError('digests: expected a JWT whose claim iss is a URL: each value is scoped by its issuer');
  }
  const read = jwksFile === undefined ? undefined : await readKeys(issuer, { jwksFile, timeout: 0 }, world);
  const { revocableBy, issuedAt } = await explainToken(token, {
    issuer,
    audience: null,
    revocation: null,
    logger: null,
    dangerouslyAllowHttp: true,
    jwks: read?.keys,
    profile,
  });
  if (revocableBy.length === 0) throw new UsageError('digests: expected a signed JWT, found another text');
  const lines = revocableBy.map(({ dimension, digest }) => `${dimension.padEnd(14)} ${digest}\n`);
  world.stdout.write(json ? `${JSON.stringify({ issuedAt, digests: revocableBy })}\n` : lines.join(''));
  return exitCodes.ok;
}

/** The claim `iss`, unverified: a digest proves nothing about a token. */
function issuerOf(token: string): string | undefined {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  const iss = parseJsonObject(payload)?.['iss'];
  return typeof iss === 'string' && URL.canParse(iss) ? iss : undefined;
}
