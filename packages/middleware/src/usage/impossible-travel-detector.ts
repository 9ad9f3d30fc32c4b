import { LRUCache } from 'lru-cache';
import type { Place, ResolvedUsage, SuspiciousUse } from '../options/usage-options.ts';
import { distanceKm } from './place.ts';

/** Geolocation by address is wrong by up to this distance: below it, nothing has moved. */
const minDistanceKm = 100;
const msPerHour = 3_600_000;

/** A distance that is too long for the time between two requests. */
export type ImpossibleTravel = Pick<SuspiciousUse, 'distanceKm' | 'elapsedMs'>;

interface Sighting extends Place {
  readonly atMs: number;
}

/** Keeps the last place of each session or token, as seen by this process, and compares it with the next one. */
export class ImpossibleTravelDetector {
  readonly #sightings: LRUCache<string, Sighting>;
  readonly #maxSpeedKmh: number;

  /** @param options of more than `maxPlaces`, the least recently used place is removed. */
  constructor({ maxSpeedKmh, maxPlaces }: Pick<ResolvedUsage, 'maxSpeedKmh' | 'maxPlaces'>) {
    this.#sightings = new LRUCache({ max: maxPlaces });
    this.#maxSpeedKmh = maxSpeedKmh;
  }

  /** @param key of a session or token. @param atMs monotonic milliseconds. */
  see(key: string, place: Place, atMs: number): ImpossibleTravel | undefined {
    const last = this.#sightings.get(key);
    this.#sightings.set(key, { ...place, atMs });
    if (last === undefined) return undefined;
    const distance = distanceKm(last, place);
    const elapsedMs = Math.max(0, atMs - last.atMs);
    const possibleKm = (this.#maxSpeedKmh * elapsedMs) / msPerHour;
    return distance < minDistanceKm || distance <= possibleKm ? undefined : { distanceKm: distance, elapsedMs };
  }
}
