import type { IncomingMessage, ServerResponse } from 'node:http';

/** The `next` of Express 4 and 5. */
export type Next = (error?: unknown) => void;

/** A handler for Express 4 and 5; typed by what it uses of Node. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void;
