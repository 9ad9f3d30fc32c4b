import express, { type Express } from 'express';

/** An app with only `GET /metrics`. */
export function createMetricsApp(metrics: () => Promise<string>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    // Prometheus detects the format by this content type.
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics());
  });
  return app;
}
