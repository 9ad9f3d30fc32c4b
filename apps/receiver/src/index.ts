export { build } from './version.ts';
