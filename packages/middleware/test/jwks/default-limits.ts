import { type KeySetLimits, readKeySetLimits } from '../../src/options/key-set-options.ts';

export const defaultKeySetLimits: KeySetLimits = readKeySetLimits('keySet', {}, { allowHttp: false, environment: {} });
