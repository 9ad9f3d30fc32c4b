// What a process needs that serves a feed to others: the `@revocast/denylist/server` entry.

export { Readers } from './http/server/readers.ts';
export { createFeedServer, type FeedServer, type FeedServerOptions } from './http/server/serve.ts';
