import type { Figure } from '../report/figure.ts';
import { type Goal, goals } from '../report/goals.ts';
import { differences, summarize } from '../report/statistics.ts';
import { fastJwt, fastJwtCached } from './contenders/fast-jwt.ts';
import { sha256Floor } from './contenders/floors.ts';
import { revocast } from './contenders/revocast.ts';
import { findSeries, type Series, sharesOf } from './series.ts';

/** Revocast beside those that it is judged by, within each round. A pair that was not measured is left out. */
export function goalFigures(all: readonly Series[]): Figure[] {
  return all
    .filter(({ contender }) => contender === revocast.name)
    .flatMap((own) => {
      const name = (contender: string) => `${own.algorithm}, ${own.temperature}: revocast less ${contender}`;
      const beside = (contender: string, figureOf: (other: Series) => Figure): Figure[] => {
        const other = findSeries(all, own, contender);
        return other === undefined ? [] : [figureOf(other)];
      };
      const points = (contender: string, goal: Goal) =>
        beside(contender, (other) => ({
          name: name(contender),
          unit: 'points',
          value: summarize(differences(sharesOf(own, all), sharesOf(other, all)).map((share) => share * 100)),
          goal,
        }));
      if (own.temperature === 'warm') {
        return [
          ...points(sha256Floor.name, goals.warmPointsOverFloor),
          ...points(fastJwtCached.name, goals.warmPointsOverFastJwt),
        ];
      }
      const cpu = beside(fastJwt.name, (other) => ({
        name: name(fastJwt.name),
        unit: 'us CPU a request',
        value: summarize(differences(cpuOf(own), cpuOf(other))),
        goal: goals.coldCpuUsOverFastJwt,
      }));
      return [...points(fastJwt.name, goals.coldPointsOverFastJwt), ...cpu];
    });
}

function cpuOf({ readings }: Series): number[] {
  return readings.map(({ cpuUs }) => cpuUs);
}
