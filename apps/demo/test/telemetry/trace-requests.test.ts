import { expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { until } from '@revocast/test-support';
import express from 'express';
import request from 'supertest';
import { createOpenTelemetry } from '../../src/telemetry/open-telemetry.ts';
import { traceRequests } from '../../src/telemetry/trace-requests.ts';

it.each([
  [200, 0],
  [400, 0],
  [500, 2],
])('a request with the answer %i has a server span with the status %i, and without a path', async (code, status) => {
  const spans = new InMemorySpanExporter();
  const { tracer } = createOpenTelemetry({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const app = express();
  app.use(traceRequests(tracer));
  app.use((_request, response) => void response.status(code).end());
  await request(app).post('/accounts/alice?token=secret').expect(code);
  await until(() => spans.getFinishedSpans().length === 1, { what: 'the span' });
  const [span] = spans.getFinishedSpans();
  expect(span).toMatchObject({ name: 'POST', kind: 1, status: { code: status } });
  expect(span?.attributes).toEqual({ 'http.request.method': 'POST', 'http.response.status_code': code });
});
