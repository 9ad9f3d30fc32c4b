import { decoders } from './decoders/index.ts';
import { fuzz } from './fuzz.ts';

await fuzz(decoders, import.meta.url);
