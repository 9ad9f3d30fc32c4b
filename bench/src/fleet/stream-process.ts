// The bare hop: reads a Redis stream and does nothing else.
import { systemClock as clock } from '@revocast/denylist/replica';
import { Redis } from 'ioredis';
import { answerParent } from '../answer-parent.ts';
import { readMessage, textIn } from '../message.ts';

const seen: [id: string, atMs: number][] = [];

answerParent((message) => {
  if (message === 'report') return { seen: seen.splice(0) };
  void follow(textIn(readMessage(message), 'url'));
  return {};
});

async function follow(url: string): Promise<void> {
  const redis = new Redis(url);
  for (let last = '$'; ; ) {
    const reply = await redis.xread('COUNT', 1000, 'BLOCK', 0, 'STREAMS', 'bare', last);
    for (const [entry, [, id]] of reply?.[0]?.[1] ?? []) {
      last = entry;
      if (id !== undefined) seen.push([id, clock.monotonicMs()]);
    }
  }
}
