import { isJsonObject, parseJsonObject } from '@revocast/denylist/replica';
import type { Signal } from '../signals/signal.ts';

/** The text of a file with the signals of one message. */
export function textOfSignals(signals: readonly Signal[]): string {
  return JSON.stringify({ version: 1, signals });
}

/** Only this process, or its user, can have written the file: its outline is enough. @returns undefined for another text. */
export function parseSignals(bytes: Uint8Array): readonly Signal[] | undefined {
  const document = parseJsonObject(bytes);
  const signals = document?.['version'] === 1 ? document['signals'] : undefined;
  const isList = Array.isArray(signals) && signals.length > 0;
  const isValid =
    isList &&
    signals.every(
      (one: unknown) =>
        isJsonObject(one) &&
        typeof one['source'] === 'string' &&
        typeof one['receivedAtMs'] === 'number' &&
        typeof one['occurredAtMs'] === 'number' &&
        Array.isArray(one['effects']) &&
        one['effects'].every((effect: unknown) => isJsonObject(effect) && typeof effect['kind'] === 'string'),
    );
  return isValid ? (signals as readonly Signal[]) : undefined; // written by `textOfSignals`
}
