export type { Config, ConfigInput } from './config/schema.ts';
export { type RunningSidecar, type SidecarDependencies, startSidecar } from './start-sidecar.ts';
