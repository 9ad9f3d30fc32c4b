import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeUsageReport } from '../../codec/usage-report.ts';
import { FeedError } from '../../log/feed.ts';
import type { UsageReport } from '../../log/usage.ts';
import { answer, readBody } from './answer.ts';

/** The most digests that a report may have, as JSON, with room for the names of classes. */
const maxUsageBytes = 256 * 1024;
/** Reports worked on at once. Counting is the least of a sidecar's duties: one more is answered 503 unread. */
const maxUsageReports = 8;

/** Takes one report; rejects when it could not be counted. */
export type CountUsage = (report: UsageReport) => Promise<void>;

/** `POST /v1/usage`: a process says whom and what it has seen, as digests. Changes no revocation, and no freshness. */
export function createUsageReceiver(count: CountUsage) {
  let underWay = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (underWay >= maxUsageReports) {
      answer(response, 503, { error: 'too_many_reports', message: 'put a relay between' });
      return;
    }
    underWay += 1;
    try {
      const body = await readBody(request, maxUsageBytes);
      const report = body === undefined ? 'the body is too large' : decodeUsageReport(body);
      if (typeof report === 'string') {
        answer(response, 400, { error: 'malformed_request', message: report });
        return;
      }
      await count(report);
      response.writeHead(204).end();
    } catch (error) {
      if (!request.readableEnded) response.destroy();
      // A relay below a sidecar that counts none is no better: trying again will not help.
      else if (error instanceof FeedError && error.code === 'refused') answer(response, 404, { error: 'not_found' });
      else answer(response, 503, { error: 'not_counted', message: 'it could not be counted now' });
    } finally {
      underWay -= 1;
    }
  };
}
