// The entry `@revocast/denylist/server`: for a process that serves a feed.

export { Readers } from './http/server/readers/readers.ts';
export { createFeedServer, type FeedServer, type FeedServerOptions } from './http/server/serve.ts';
