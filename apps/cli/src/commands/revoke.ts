import { type RevocationReason, revocationReasons } from '@revocast/denylist';
import { type Command, Option } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { claimSeconds } from '../parse-argument.ts';
import { readSecretText } from '../read-secret-text.ts';
import { addSourceOptions } from '../source-options.ts';
import type { World } from '../world.ts';
import { type PublishCommandOptions, publish, type Statement } from './publish.ts';
import { addPublishOptions } from './publish-options.ts';
import { addTargetOptions, flagOf, readTarget, type TargetOptions } from './target-options.ts';

export interface RevokeOptions extends PublishCommandOptions, Partial<TargetOptions> {
  readonly jwtFile?: string;
  readonly idClaim?: string;
  readonly reason: RevocationReason;
  readonly actor?: string;
  readonly block?: boolean;
  readonly expiresAt?: number;
  readonly issuedUpTo?: number;
}

export function addRevoke(program: Command): Command {
  const command = program.command('revoke').summary('say which tokens must no longer be accepted');
  command.description(
    'Logs a revocation. When it ends with 0, every process whose feed is fresh refuses those tokens within milliseconds.',
  );
  addTargetOptions(command)
    .option('--jwt-file <path>', 'one token, read from a file or with - from stdin; it is never printed or sent')
    .option('--id-claim <name>', 'with --jwt-file: the claim that carries the token id (default: jti)')
    .addOption(
      new Option('--reason <reason>', 'why, for audit and counters').choices(revocationReasons).default('admin'),
    )
    .option('--block', 'deny every token until it is lifted, those of new logins too')
    .option('--expires-at <time>', 'when the denial ends by itself; for --token-id the exp of the token', claimSeconds)
    .option('--issued-up-to <time>', 'deny tokens issued up to then, in the clock of the issuer', claimSeconds)
    .option('--yes', 'mean it: needed with --entire-issuer, and past 60 clients, tenants, keys and issuers a minute');
  addPublishOptions(command);
  addSourceOptions(command, 'the log, or a sidecar that writes to it');
  return command.addHelpText(
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
  const statement = options.jwtFile === undefined ? ofTarget(options) : await ofToken(options.jwtFile, options, world);
  return await publish(statement, options, world);
}

function ofTarget(options: RevokeOptions): Statement {
  const target = readTarget(options);
  const { reason, actor, block, expiresAt, issuedUpTo } = options;
  if (options.idClaim !== undefined) throw new UsageError('--id-claim: goes with --jwt-file');
  if ('entireIssuer' in target && options.yes !== true) {
    throw new UsageError('--entire-issuer: ends every token of the issuer at once; say --yes to mean it');
  }
  const revocation = {
    ...target,
    reason,
    ...(actor === undefined ? {} : { actor }),
    ...(block === undefined ? {} : { block }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(issuedUpTo === undefined ? {} : { issuedUpTo }),
  };
  return { kind: 'revoke', about: aboutTarget(options), say: (publisher, how) => publisher.revoke(revocation, how) };
}

const refusedWithToken = [
  'issuer',
  'tokenId',
  'session',
  'grant',
  'subject',
  'client',
  'tenant',
  'key',
  'entireIssuer',
  'block',
  'expiresAt',
  'issuedUpTo',
] as const;

async function ofToken(path: string, options: RevokeOptions, world: World): Promise<Statement> {
  const refused = refusedWithToken.find((name) => options[name] !== undefined);
  if (refused !== undefined) throw new UsageError(`--jwt-file: the token says all of it; leave out ${flagOf(refused)}`);
  const token = await readSecretText(path, '--jwt-file', world);
  const { reason, actor, idClaim } = options;
  return {
    kind: 'revoke',
    about: 'one token',
    say: (publisher, how) =>
      publisher.revokeToken(token, {
        ...how,
        reason,
        ...(actor === undefined ? {} : { actor }),
        ...(idClaim === undefined ? {} : { idClaim }),
      }),
  };
}

/** Names what was meant without its value, which may be personal. */
export function aboutTarget(options: Partial<TargetOptions>): string {
  const { tokenId, session, grant, subject, client, tenant, key } = options;
  if (subject !== undefined) return client === undefined ? 'a subject' : 'a subject at a client';
  if (tokenId !== undefined) return 'a token';
  if (session !== undefined) return 'a session';
  if (grant !== undefined) return 'a grant';
  if (client !== undefined) return 'a client';
  if (tenant !== undefined) return 'a tenant';
  return key === undefined ? 'an entire issuer' : 'a key';
}
