// What a process pays for its replica: nothing else is loaded here, and nothing is kept of a change.
import { answerParent } from '../answer-parent.ts';
import { openBehind } from '../fleet/open-behind.ts';
import { readSaid, textIn } from '../said.ts';

let rules = () => 0;

answerParent(async (message) => {
  if (message === 'resident') return { rules: rules(), residentBytes: process.memoryUsage.rss() };
  const replica = await openBehind(textIn(readSaid(message), 'url'));
  await replica.ready({ timeoutMs: 300_000 });
  rules = () => replica.denylist.size;
  return {};
});
