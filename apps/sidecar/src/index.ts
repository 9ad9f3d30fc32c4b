export type { Config, ConfigInput } from './config/schema.ts';
export { type RunningSidecar, type SidecarWorld, startSidecar } from './start-sidecar.ts';
