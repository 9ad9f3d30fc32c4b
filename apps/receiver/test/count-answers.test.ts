import { expect, it } from '@jest/globals';
import type { Answer } from '../src/listeners/answers.ts';
import { countAnswers } from '../src/listeners/count-answers.ts';
import { unverifiedReasons } from '../src/telemetry/receiver-metrics.ts';

/** What a message of `kind` is counted as that was answered `answer`. */
function countedOf(kind: 'backchannel-logout' | 'ssf', answer: Answer, isRead = true): readonly string[] {
  const counted: string[] = [];
  const report = countAnswers(
    { name: 'a', kind },
    {
      refused: (_source, reason) => void counted.push(`refused ${reason}`),
      unverified: (_source, why) => void counted.push(`unverified ${why}`),
      lost: () => void counted.push('lost'),
    },
  );
  if (!isRead) report.unread(answer);
  report.sent(answer);
  return counted;
}

it('counts a verified logout that is answered 503 as lost, because its sender sends once', () => {
  const answer: Answer = { outcome: 'unavailable', status: 503, retryAfterMs: 1000 };
  expect(countedOf('backchannel-logout', answer)).toEqual(['lost']);
  expect(countedOf('ssf', answer)).toEqual([]);
});

it.each(unverifiedReasons)(
  'counts no logout as lost that was not verified, because a stranger may have sent it: %s',
  (why) => {
    const answer: Answer =
      why === 'too_slow'
        ? { outcome: 'refused', reason: why }
        : { outcome: 'unavailable', status: 503, why, retryAfterMs: 1000 };
    const refused = why === 'too_slow' ? ['refused too_slow'] : [];
    expect(countedOf('backchannel-logout', answer, false)).toEqual([...refused, `unverified ${why}`]);
  },
);

it('counts no logout as lost that was taken, or whose fault a repetition would not mend', () => {
  expect(countedOf('backchannel-logout', { outcome: 'done' })).toEqual([]);
  expect(countedOf('backchannel-logout', { outcome: 'refused', reason: 'bad_signature' })).toEqual([]);
});
