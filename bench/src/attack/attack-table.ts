import { type Goal, goals, judge } from '../report/goals.ts';
import { formatNumber, formatSpread } from '../report/numbers.ts';
import { table } from '../report/table.ts';
import type { AttackFigures, Pair } from './attack-line.ts';

const { attackP99Ratio, attackFailures, attackedSidecarMB } = goals;

export function attackTable(figures: readonly AttackFigures[]): string[] {
  const title =
    'attack: honest requests beside an attack without credentials (a), compared with as many good requests of its size (g)';
  return [
    title,
    '',
    ...table<AttackFigures>(
      [
        { title: 'attack', cell: ({ name }) => name, align: 'left' },
        { title: 'a second', cell: ({ perSecond }) => String(perSecond) },
        {
          title: 'honest p99 ms g / a',
          cell: ({ controlP99Ms, attackP99Ms }) => both(controlP99Ms.median, attackP99Ms.median),
        },
        { title: `a / g ${bound(attackP99Ratio)}`, cell: ({ p99Ratio }) => judged(attackP99Ratio, p99Ratio.median) },
        { title: 'spread', cell: ({ p99Ratio }) => formatSpread(p99Ratio) },
        { title: `honest not 200 ${bound(attackFailures)}`, cell: ({ notOk }) => judged(attackFailures, notOk) },
        { title: `5xx ${bound(attackFailures)}`, cell: ({ serverErrors }) => judged(attackFailures, serverErrors) },
        {
          title: `sidecar MB ${bound(attackedSidecarMB)}`,
          cell: ({ sidecarMB }) => judged(attackedSidecarMB, sidecarMB),
        },
        {
          title: `readyz failed ${bound(attackFailures)}`,
          cell: ({ readyFailed }) => judged(attackFailures, readyFailed),
        },
        { title: 'feed failed', cell: ({ feedFailed, polls }) => `${feedFailed} of ${polls}` },
        { title: 'API us g / a', cell: ({ apiCpuUs }) => ofPair(apiCpuUs) },
        { title: 'sidecar us g / a', cell: ({ sidecarCpuUs }) => ofPair(sidecarCpuUs) },
        { title: 'answers to the attacker', cell: ({ answers }) => formatAnswers(answers), align: 'left' },
      ],
      figures,
    ),
  ];
}

/** `12 x 401, 3 x none` */
export function formatAnswers(answers: AttackFigures['answers']): string {
  return Object.entries(answers)
    .map(([status, count]) => `${count} x ${status === '0' ? 'none' : status}`)
    .join(', ');
}

function ofPair({ control, attack }: Pair): string {
  return both(Math.round(control), Math.round(attack));
}

function both(good: number, attack: number): string {
  return `${formatNumber(good)} / ${formatNumber(attack)}`;
}

function judged(goal: Goal, value: number): string {
  return `${formatNumber(value)}${judge(goal, value) === 'missed' ? ' missed' : ''}`;
}

function bound(goal: Goal): string {
  return 'atMost' in goal ? `(<= ${goal.atMost})` : `(>= ${goal.atLeast})`;
}
