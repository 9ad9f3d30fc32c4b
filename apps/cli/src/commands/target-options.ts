import type { RevocationTarget } from '@revocast/denylist';
import type { Command } from 'commander';
import { UsageError } from '../failure.ts';

/** The options that name the tokens. */
export interface TargetOptions {
  readonly issuer?: string;
  readonly tokenId?: string;
  readonly session?: string;
  readonly grant?: string;
  readonly subject?: string;
  readonly client?: string;
  readonly tenant?: string;
  readonly key?: string;
  readonly entireIssuer?: boolean;
}

const names = ['tokenId', 'session', 'grant', 'subject', 'client', 'tenant', 'key', 'entireIssuer'] as const;

export const targetNames = ['issuer', ...names] as const;

export function addTargetOptions(command: Command): Command {
  return command
    .option('--issuer <iss>', 'the issuer, exactly as in the claim iss')
    .option('--token-id <jti>', 'one token, by its id (for the token itself see --jwt-file)')
    .option('--session <sid>', 'every token of a session')
    .option('--grant <id>', 'every token of a grant (refresh-token family)')
    .option('--subject <sub>', 'every token of a subject; with --client, of that subject at that client')
    .option('--client <id>', 'every token of a client')
    .option('--tenant <id>', 'every token of a tenant')
    .option('--key <kid>', 'every token signed by this key, by kid or RFC 7638 thumbprint')
    .option('--entire-issuer', 'every token of the issuer');
}

/** @throws UsageError unless exactly one target is named. */
export function readTarget(options: TargetOptions): RevocationTarget {
  const { issuer, tokenId, session, grant, subject, client, tenant, key } = options;
  const given = names.filter((name) => options[name] !== undefined);
  if (issuer === undefined) throw new UsageError('--issuer: required; the other values are scoped by the issuer');
  const isPair = given.length === 2 && subject !== undefined && client !== undefined;
  if (given.length !== 1 && !isPair) {
    throw new UsageError(
      `expected exactly one of ${names.map(flagOf).join(', ')} (or --subject with --client), found ${
        given.map(flagOf).join(' and ') || 'none'
      }`,
    );
  }
  // `revoke` refuses a target that is present but undefined, so that a lost value cannot widen it.
  if (subject !== undefined) return client === undefined ? { issuer, subject } : { issuer, subject, client };
  if (tokenId !== undefined) return { issuer, token: tokenId };
  if (session !== undefined) return { issuer, session };
  if (grant !== undefined) return { issuer, grant };
  if (client !== undefined) return { issuer, client };
  if (tenant !== undefined) return { issuer, tenant };
  if (key !== undefined) return { issuer, key };
  return { issuer, entireIssuer: true };
}

/** Names the dimension without the value, which may be personal: `a subject at a client`. */
export function describeTarget(target: RevocationTarget): string {
  if ('entireIssuer' in target) return 'an entire issuer';
  const { issuer: _scope, ...dimension } = target;
  return Object.keys(dimension)
    .map((name) => `a ${name}`)
    .join(' at ');
}

export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
