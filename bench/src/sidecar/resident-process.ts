// A process with a replica only, to measure the memory of a replica.
import { answerParent } from '../answer-parent.ts';
import { openBehind } from '../fleet/open-behind.ts';
import { readMessage, textIn } from '../message.ts';

let rules = () => 0;

answerParent(async (message) => {
  if (message === 'resident') return { rules: rules(), residentBytes: process.memoryUsage.rss() };
  const replica = await openBehind(textIn(readMessage(message), 'url'));
  await replica.ready({ timeoutMs: 300_000 });
  rules = () => replica.denylist.size;
  return {};
});
