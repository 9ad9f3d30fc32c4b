import type { Place } from '../options/usage-options.ts';

const earthRadiusKm = 6371;

/** Reads the result of a hook: a place has two finite numbers within their bounds. */
export function readPlace(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { latitude, longitude }: { latitude?: unknown; longitude?: unknown } = value;
  return isWithin(latitude, 90) && isWithin(longitude, 180) ? { latitude, longitude } : undefined;
}

function isWithin(degrees: unknown, limit: number): degrees is number {
  return typeof degrees === 'number' && Math.abs(degrees) <= limit;
}

/** The distance over the surface of a sphere, by the haversine formula; within 0.5 % of the true distance. */
export function distanceKm(from: Place, to: Place): number {
  const [latitude, longitude] = [radians(to.latitude - from.latitude), radians(to.longitude - from.longitude)];
  const chord =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(longitude / 2) ** 2;
  // Rounding can make the sum greater than 1 for two opposite points.
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
