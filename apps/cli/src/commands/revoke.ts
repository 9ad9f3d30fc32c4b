import { type RevocationReason, revocationReasons } from '@revocast/denylist';
import { type Command, Option } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { claimSeconds } from '../options/parse-argument.ts';
import { readToken } from '../questions/read-secret.ts';
import type { World } from '../world.ts';
import { addPublishOptions, type PublishOptions, publish, type Statement } from './publish.ts';
import { addTargetOptions, describeTarget, readTarget, type TargetOptions, targetNames } from './target-options.ts';

interface RevokeOptions extends PublishOptions, TargetOptions {
  readonly jwtFile?: string;
  readonly idClaim?: string;
  readonly reason: RevocationReason;
  readonly block?: boolean;
  readonly expiresAt?: number;
  readonly issuedUpTo?: number;
}

export function addRevoke(program: Command): Command {
  const command = program
    .command('revoke')
    .summary('revoke tokens')
    .description('Logs a revocation. After exit code 0, every fresh replica rejects those tokens within milliseconds.');
  addTargetOptions(command)
    .addOption(
      new Option('--jwt-file <path>', 'one token, read from a file, or from stdin with -; never printed or sent')
        // The token carries these values.
        .conflicts([...targetNames, 'block', 'expiresAt', 'issuedUpTo']),
    )
    .option('--id-claim <name>', 'with --jwt-file: the claim with the token id (default: jti)')
    .addOption(
      new Option('--reason <reason>', 'for the audit trail and the metrics')
        .choices(revocationReasons)
        .default('admin'),
    )
    .option('--block', 'deny every token, also of new logins, until a lift')
    .option('--expires-at <time>', 'when the denial ends by itself; for --token-id the exp of the token', claimSeconds)
    .option('--issued-up-to <time>', 'deny tokens issued up to this time of the issuer', claimSeconds)
    .option(
      '--yes',
      'confirm: required with --entire-issuer, and for more than 60 clients, tenants, keys and issuers a minute',
    );
  return addPublishOptions(command, '--id').addHelpText(
    'after',
    `
Examples:
  $ revocast revoke --issuer https://login.example.com/ --session 08a5019c --reason logout
  $ revocast revoke --issuer https://login.example.com/ --subject 248289761001 --block --wait 5s
  $ revocast revoke --jwt-file - --reason credential_leak < leaked-token.txt
  $ REVOCAST_SOURCE_FILE=redis-url.txt revocast revoke --issuer https://login.example.com/ --key 2026-10 --reason key_compromise`,
  );
}

export async function revoke(options: RevokeOptions, world: World): Promise<ExitCode> {
  const { jwtFile } = options;
  return await publish(
    jwtFile === undefined ? ofTarget(options) : ofToken(await readToken(jwtFile, world), options),
    options,
    world,
  );
}

function ofTarget(options: RevokeOptions): Statement {
  const target = readTarget(options);
  const { reason, actor, block, expiresAt, issuedUpTo, idClaim, yes } = options;
  if (idClaim !== undefined) throw new UsageError('--id-claim: expected --jwt-file with it');
  if ('entireIssuer' in target && yes !== true) {
    throw new UsageError('--entire-issuer: revokes every token of the issuer; add --yes to confirm');
  }
  const revocation = { ...target, reason, actor, block, expiresAt, issuedUpTo };
  return {
    kind: 'revoke',
    about: describeTarget(target),
    log: (publisher, how) => publisher.revoke(revocation, how),
  };
}

function ofToken(token: string, { reason, actor, idClaim }: RevokeOptions): Statement {
  return {
    kind: 'revoke',
    about: 'one token',
    log: (publisher, how) => publisher.revokeToken(token, { ...how, reason, actor, idClaim }),
  };
}
