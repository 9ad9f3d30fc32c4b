import type { KeySetErrorCode } from '../../src/jwks/key-source.ts';
import type { KeySetLoad, KeySetValidator, LoadKeySet } from '../../src/jwks/load-key-set.ts';
import { parseKeySet } from '../../src/jwks/parse-key-set.ts';

interface PendingLoad {
  readonly validator: KeySetValidator | undefined;
  readonly signal: AbortSignal;
  readonly answer: (load: KeySetLoad) => void;
  readonly reject: (error: unknown) => void;
}

/** Loads that wait until the test answers them, in the order in which they were asked. */
export class ScriptedLoads {
  readonly asked: PendingLoad[] = [];
  readonly load: LoadKeySet = ({ validator, signal }) =>
    new Promise((answer, reject) => {
      this.asked.push({ validator, signal, answer, reject });
    });

  get count(): number {
    return this.asked.length;
  }

  at(index: number): PendingLoad {
    const pending = this.asked.at(index);
    if (pending === undefined) throw new Error(`load ${index} was not asked for`);
    return pending;
  }

  get last(): PendingLoad {
    return this.at(-1);
  }
}

/** The result of a load when the issuer publishes these keys. */
export function loaded(
  keys: readonly unknown[],
  rest: { validator?: KeySetValidator; maxAgeMs?: number } = {},
): KeySetLoad {
  const parsed = parseKeySet({ keys }, 100);
  return parsed.ok ? { result: 'loaded', keySet: parsed.keySet, ...rest } : { result: 'failed', code: parsed.code };
}

export function failed(code: KeySetErrorCode): KeySetLoad {
  return { result: 'failed', code };
}
