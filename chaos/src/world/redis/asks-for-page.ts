/** In a request of a sidecar to Redis: the first page of the rules (EVALSHA with their key, then cursor 0). */
export const asksForFirstPage = '{revocast}:rules\r\n$1\r\n0\r\n';
