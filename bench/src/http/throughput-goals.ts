import type { Figure } from '../report/figure.ts';
import { type Goal, goals } from '../report/goals.ts';
import { differences, summarize } from '../report/statistics.ts';
import { fastJwt, fastJwtCached } from './contenders/fast-jwt.ts';
import { sha256Floor } from './contenders/floors.ts';
import { revocast } from './contenders/revocast.ts';
import { cpuOf, cpuSharesOf, findSeries, type Series, sharesOf } from './series.ts';

/** Compares Revocast with the contenders of the goals within each round. Contenders that were not measured are left out. */
export function goalFigures(all: readonly Series[]): Figure[] {
  const figuresFor = (own: Series): Figure[] => {
    const beside = (contender: string, figures: (other: Series, name: string) => Figure[]) => {
      const other = findSeries(all, own, contender);
      return other === undefined
        ? []
        : figures(other, `${own.algorithm}, ${own.temperature}: revocast less ${contender}`);
    };
    const points = (contender: string, goal: Goal) =>
      beside(contender, (other, name) =>
        [sharesOf, cpuSharesOf].map((shares) => {
          const value = summarize(differences(shares(own, all), shares(other, all)).map((share) => share * 100));
          return { name, unit: shares === sharesOf ? 'points' : 'points, CPU', value, goal };
        }),
      );
    if (own.temperature === 'warm') {
      return [
        ...points(sha256Floor.name, goals.warmPointsOverFloor),
        ...points(fastJwtCached.name, goals.warmPointsOverFastJwt),
      ];
    }
    const cpu = beside(fastJwt.name, (other, name) => [
      {
        name,
        unit: 'us CPU a request',
        value: summarize(differences(cpuOf(own), cpuOf(other))),
        goal: goals.coldCpuUsOverFastJwt,
      },
    ]);
    return [...points(fastJwt.name, goals.coldPointsOverFastJwt), ...cpu];
  };
  return all.filter(({ contender }) => contender === revocast.name).flatMap(figuresFor);
}
