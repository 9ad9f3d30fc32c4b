// Publishes revocations, because the load generator must not share its event loop.
import { answerParent } from '../answer-parent.ts';
import { publishPaced } from '../fleet/publish-paced.ts';
import { numberIn, readMessage, textIn } from '../message.ts';

answerParent(async (order) => {
  const message = readMessage(order);
  const [rate, seconds, from] = [numberIn(message, 'rate'), numberIn(message, 'seconds'), numberIn(message, 'from')];
  const sent = await publishPaced({ url: textIn(message, 'url'), rate, seconds, from, inFlight: 100 });
  return { sent: sent.size };
});
