/**
 * Builds with a deliberate defect. They show that the suite finds such a defect. Each wraps a port of the product.
 *
 * - `no-resync`: continues after a gap without a new snapshot
 * - `lru`: keeps only the hundred newest revocations
 * - `silent-accept`: treats "not found" as "not revoked" even when the replica is not fresh
 */
export const brokenBuilds = ['no-resync', 'lru', 'silent-accept'] as const;
export type BrokenBuild = (typeof brokenBuilds)[number];
