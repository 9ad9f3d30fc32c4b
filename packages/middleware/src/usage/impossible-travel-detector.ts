import { LRUCache } from 'lru-cache';
import type { Place } from '../options/usage-options.ts';
import { distanceKm } from './place.ts';

/** Geolocation by address is off by as much as this: who is nearer has not moved. */
const minDistanceKm = 100;
const msPerHour = 3_600_000;

export interface TravelsOptions {
  readonly maxSpeedKmh: number;
  /** Who was not seen for longest is forgotten first. */
  readonly maxPlaces: number;
}

/** A way that nobody can have gone in that time. */
export interface ImpossibleTravel {
  readonly distanceKm: number;
  readonly elapsedMs: number;
}

interface Sighting extends Place {
  readonly atMs: number;
}

/** Where each traveller was last, as this process saw it. */
export class ImpossibleTravelDetector {
  readonly #sightings: LRUCache<string, Sighting>;
  readonly #maxSpeedKmh: number;

  constructor({ maxSpeedKmh, maxPlaces }: TravelsOptions) {
    this.#sightings = new LRUCache({ max: maxPlaces });
    this.#maxSpeedKmh = maxSpeedKmh;
  }

  /** Notes where a traveller is. @param atMs monotonic milliseconds. */
  arrive(traveller: string, place: Place, atMs: number): ImpossibleTravel | undefined {
    const last = this.#sightings.get(traveller);
    this.#sightings.set(traveller, { ...place, atMs });
    if (last === undefined) return undefined;
    const distance = distanceKm(last, place);
    const elapsedMs = Math.max(0, atMs - last.atMs);
    const possibleKm = (this.#maxSpeedKmh * elapsedMs) / msPerHour;
    return distance < minDistanceKm || distance <= possibleKm ? undefined : { distanceKm: distance, elapsedMs };
  }
}
