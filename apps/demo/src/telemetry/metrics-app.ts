import express, { type Express } from 'express';

/** `GET /metrics`, and nothing else. */
export function createMetricsApp(metrics: () => Promise<string>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    // The version that Prometheus asks for: without it a scraper has to guess.
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics());
  });
  return app;
}
