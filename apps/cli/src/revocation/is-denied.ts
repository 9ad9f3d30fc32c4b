import { type LiftTarget, LogError, type RevocationTarget } from '@revocast/denylist';
import { type DimensionValue, digestOf, digestToHex } from '@revocast/denylist/replica';
import { openNamedSource, type SourceOptions } from '../options/source-options.ts';
import type { World } from '../world.ts';
import type { NamedDigest } from './answer.ts';
import { askRevocation } from './ask-revocation.ts';

/**
 * Whether a denial of the value is in force, which a lift would end. A cutoff is none.
 *
 * @param liftId the id of the lift, if the caller has chosen one. @returns undefined when it is unknown.
 */
export async function isDenied(
  target: LiftTarget,
  { liftId, ...options }: SourceOptions & { readonly liftId?: string },
  world: World,
): Promise<boolean | undefined> {
  const name = 'id' in target ? await nameOf(target.id, { liftId, ...options }, world) : namedBy(target);
  if (name === undefined) return undefined;
  // No cutoff covers an infinite `iat`.
  const question = { names: [name], issuedAt: Number.POSITIVE_INFINITY };
  const { state } = (await askRevocation(question, options, world)).answer;
  return state === 'unknown' ? undefined : state === 'revoked';
}

/** @returns undefined for an id that the log refuses: the lift itself then says why. */
async function nameOf(
  id: string,
  { liftId, ...options }: SourceOptions & { readonly liftId?: string },
  world: World,
): Promise<NamedDigest | undefined> {
  const source = await openNamedSource(options, world);
  try {
    const { dimension, digest } = await source.log.denial(id, liftId);
    return { dimension, digest: digestToHex(digest) };
  } catch (error) {
    if (error instanceof LogError) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

function namedBy(target: RevocationTarget): NamedDigest {
  const value = namedValue(target);
  return { dimension: value.dimension, digest: digestToHex(digestOf(value)) };
}

function namedValue({ issuer, ...named }: RevocationTarget): DimensionValue {
  const values: Readonly<Record<string, unknown>> = named;
  const { subject, client } = values;
  if (typeof subject === 'string' && typeof client === 'string') {
    return { dimension: 'subject_client', issuer, value: [subject, client] };
  }
  for (const dimension of ['token', 'session', 'grant', 'subject', 'client', 'tenant', 'key'] as const) {
    const value = values[dimension];
    if (typeof value === 'string') return { dimension, issuer, value };
  }
  return { dimension: 'issuer', issuer, value: issuer };
}
