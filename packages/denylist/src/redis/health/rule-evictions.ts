import { evictsOnlyVolatile, type RedisFacts } from './misconfiguration.ts';

/** Counts the evicted keys that may have been rules: those evicted while the policy evicted more than volatile keys. */
export class RuleEvictions {
  #before: Pick<RedisFacts, 'evictedKeys' | 'evictionPolicy'> | undefined;
  #since = 0;
  /** Whether the last examination found more of them. */
  grew = false;

  /** @returns how many since the first examination; undefined where the counter cannot be read. */
  since({ evictedKeys, evictionPolicy }: RedisFacts): number | undefined {
    this.grew = false;
    if (evictedKeys === undefined) return undefined;
    // A policy that was changed between two examinations may have been any other in the meantime.
    const onlyVolatile = evictsOnlyVolatile(evictionPolicy) && this.#before?.evictionPolicy === evictionPolicy;
    const added = evictedKeys - (this.#before?.evictedKeys ?? evictedKeys);
    this.#before = { evictedKeys, evictionPolicy };
    // Less than before: the counter was reset.
    if (added > 0 && !onlyVolatile) {
      this.#since += added;
      this.grew = true;
    }
    return this.#since;
  }
}
