import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeUsageReport } from '../../codec/usage-report.ts';
import { FeedError } from '../../log/feed.ts';
import type { UsageReport } from '../../log/usage.ts';
import { answer, answerBusy, readBody } from './answer.ts';

/** The most digests that a report may have, as JSON, with room for the names of classes. */
const maxUsageBytes = 256 * 1024;
/** Reports worked on at once. Counting is the least of a sidecar's duties: one more is answered 429 unread. */
const maxUsageReports = 8;

/** Takes one report; rejects when it could not be counted. */
export type CountUsage = (report: UsageReport) => Promise<void>;

export interface UsageReceiver {
  /** `POST /v1/usage`: a process reports which subjects and tokens it has seen, as digests. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** The same by a frame of a stream. Never rejects. */
  take(report: UsageReport): Promise<'accepted' | 'refused' | 'failed'>;
}

/** Takes reports of usage. They change no revocation and no freshness. */
export function createUsageReceiver(count: CountUsage): UsageReceiver {
  let underWay = 0;
  const take = async (report: UsageReport): Promise<'accepted' | 'refused' | 'failed'> => {
    try {
      await count(report);
      return 'accepted';
    } catch (error) {
      // A relay below a sidecar that counts none is no better: trying again will not help.
      return error instanceof FeedError && error.code === 'refused' ? 'refused' : 'failed';
    }
  };
  return {
    async take(report) {
      if (underWay >= maxUsageReports) return 'failed';
      underWay += 1;
      const result = await take(report);
      underWay -= 1;
      return result;
    },
    async handle(request, response) {
      if (underWay >= maxUsageReports) {
        answerBusy(response, 'too_many_reports');
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
        const result = await take(report);
        if (result === 'accepted') response.writeHead(204).end();
        else if (result === 'refused') answer(response, 404, { error: 'not_found' });
        else answer(response, 503, { error: 'not_counted', message: 'it could not be counted now' });
      } catch {
        response.destroy(); // the link broke while it was read
      } finally {
        underWay -= 1;
      }
    },
  };
}
