import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import type { World } from '../world.ts';
import { durationOption, webAddress } from './parse-argument.ts';
import { addAllowHttpOption } from './source-options.ts';

export const profileNames = ['rfc9068', 'keycloak', 'auth0', 'okta', 'entra', 'cognito', 'generic'] as const;

/** The options that name an issuer. */
export interface IssuerOptions {
  readonly issuer?: string;
  readonly jwksUri?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeout: number;
}

/** @param keySet the description of `--jwks-uri` in the help. */
export function addIssuerOptions(command: Command, keySet: string): Command {
  command
    .option('--issuer <url>', 'the issuer, exactly as in the claim iss (REVOCAST_ISSUER)', webAddress)
    .option('--jwks-uri <url>', keySet, webAddress)
    .addOption(
      durationOption('--timeout <duration>', 'how long an http server may take to answer', {
        bounds: [100, 60_000],
        initial: 3000,
      }),
    );
  return addAllowHttpOption(command);
}

/** @returns undefined when no issuer is named. @throws UsageError */
export function readIssuer({ issuer }: IssuerOptions, { environment }: World): string | undefined {
  const named = issuer ?? (environment['REVOCAST_ISSUER'] || undefined);
  if (named !== undefined && !URL.canParse(named)) throw new UsageError('REVOCAST_ISSUER: expected a URL');
  return named;
}
