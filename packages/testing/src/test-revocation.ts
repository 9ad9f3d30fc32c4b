import type { Revocation } from '@revocast/denylist';

type WithoutIssuer<Each> = Each extends Revocation ? Omit<Each, 'issuer' | 'reason'> : never;

/** What to revoke or to lift: the value of one dimension. The issuer is that of the kit. */
export type TestTarget = WithoutIssuer<Revocation>;

/** A revocation as in `publisher.revoke()`. The issuer is that of the kit; the default of `reason` is `other`. */
export type TestRevocation = TestTarget & { readonly reason?: Revocation['reason'] | undefined };
