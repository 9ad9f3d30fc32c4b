import { expect, it } from '@jest/globals';
import type { Answer } from '../src/listeners/answers.ts';
import { countAnswers } from '../src/listeners/count-answers.ts';

function lostOf(kind: 'backchannel-logout' | 'ssf', answer: Answer): readonly string[] {
  const lost: string[] = [];
  const counter = { refused: () => {}, unavailable: () => {}, lost: (source: string) => void lost.push(source) };
  countAnswers({ name: 'a', kind }, counter).sent(answer);
  return lost;
}

const answers: readonly (readonly [string, Answer])[] = [
  ['408', { outcome: 'refused', reason: 'too_slow' }],
  ['429', { outcome: 'unavailable', status: 429, retryAfterMs: 1000 }],
  ['503', { outcome: 'unavailable', status: 503, retryAfterMs: 1000 }],
];

it.each(answers)('counts a logout that is answered %s as lost, because its sender sends once', (_status, answer) => {
  expect(lostOf('backchannel-logout', answer)).toEqual(['a']);
  expect(lostOf('ssf', answer)).toEqual([]);
});

it('counts no logout as lost that was taken, or whose fault a repetition would not mend', () => {
  expect(lostOf('backchannel-logout', { outcome: 'done' })).toEqual([]);
  expect(lostOf('backchannel-logout', { outcome: 'refused', reason: 'bad_signature' })).toEqual([]);
});
