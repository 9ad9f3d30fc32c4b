/**
 * Builds that are broken on purpose, to show that the suite would notice. Each wraps a port of the product from outside.
 *
 * - `no-resync`: goes on after a gap as if nothing had been missed
 * - `lru`: keeps the hundred newest revocations
 * - `silent-accept`: takes "not found" for "not revoked" whatever the freshness
 */
export const brokenBuilds = ['no-resync', 'lru', 'silent-accept'] as const;
export type BrokenBuild = (typeof brokenBuilds)[number];
