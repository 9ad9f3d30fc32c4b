import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

/**
 * Keeps the parent of a span across `await`. The API has one context manager for each process, so only a main module
 * calls this. @returns a function that removes it.
 */
export function followContext(): () => void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return () => context.disable();
}
