import express, { type Express, type NextFunction, type Request, type Response } from 'express';

/** Creates an Express app whose answers neither name the server nor carry an `ETag`. */
export function createBareApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}

// Express recognises an error handler by its four parameters. The default handler would send the stack to the client.
export function answerError(_error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  if (response.headersSent) response.destroy();
  else response.status(500).json({ error: 'internal_error' });
}
