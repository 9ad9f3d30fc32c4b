import * as mcp from '@modelcontextprotocol/sdk/server/mcp.js';
import * as mcpHttp from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as trpc from '@trpc/server';
import * as trpcExpress from '@trpc/server/adapters/express';
import { buildSchema } from 'graphql';
import * as graphqlWs from 'graphql-ws/use/ws';
import * as hono from 'hono';
import * as honoStreaming from 'hono/streaming';
import * as lruCache from 'lru-cache';
import * as socketIo from 'socket.io';
import * as ws from 'ws';

/** What the recipes of docs/streams.md import. */
export const streamLibraries = {
  ws,
  hono,
  'hono/streaming': honoStreaming,
  'lru-cache': lruCache,
  'socket.io': socketIo,
  'graphql-ws/use/ws': graphqlWs,
  '@modelcontextprotocol/sdk/server/mcp.js': mcp,
  '@modelcontextprotocol/sdk/server/streamableHttp.js': mcpHttp,
  '@trpc/server': trpc,
  '@trpc/server/adapters/express': trpcExpress,
};

/** One subscription, which sends a number ten times a second, and a mutation, which is noted in `executed`. */
export const schema = buildSchema(
  'type Query { version: String } type Mutation { pay(note: String): String } type Subscription { tick: Int }',
);
export const executed: string[] = [];
schema.getMutationType()!.getFields()['pay']!.resolve = (_root, { note }) => void executed.push(note);
const { tick } = schema.getSubscriptionType()!.getFields();
tick!.subscribe = async function* () {
  for (let count = 0; ; count += 1) {
    yield { tick: count };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
