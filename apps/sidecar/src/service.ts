// The entry `@revocast/sidecar/service`: what every program of this project needs that runs as a service. It is for our own
// programs: its exports may change in each release.

export { answerConfiguredCommand, answerPlainCommand, type Program, sourcesOf } from './commands/answer-command.ts';
export { type ConfiguredCommand, type PlainCommand, readCommand } from './commands/read-command.ts';
export { runUntilSignal } from './commands/run-until-signal.ts';
export { checkValues } from './config/check-values.ts';
export { choice, duration, type Kind, listOf, text, trueOrFalse, whole } from './config/kinds.ts';
export type { Problem } from './config/layer.ts';
export { isHostLocal, type ListenAddress, parseListenAddress } from './config/listen-address.ts';
export type { Mistake } from './config/mistake.ts';
export {
  defineOptions,
  jsonSchemaOf,
  type OptionSpec,
  type OptionSpecs,
  type OptionTable,
  objectSchemaOf,
  type ValuesOf,
  type WrittenFor,
} from './config/option-table.ts';
export { printConfig, printOptions, printProblems } from './config/print.ts';
export { type ConfigSources, type Resolved, resolveOptions } from './config/resolve-options.ts';
export { adminRoutes, createAdminListener } from './listeners/admin-listener.ts';
export { answering, sendJson } from './listeners/answer.ts';
export { type CertificateFiles, openCertificate } from './listeners/certificate.ts';
export { type Handlers, type Listening, listen, pathOf } from './listeners/listen.ts';
export { TokenFile } from './listeners/token-file.ts';
export { createShutdown } from './shutdown.ts';
export { logLevels, openLog } from './telemetry/log.ts';
export { codeOf, logFailureOnce } from './telemetry/log-state-changes.ts';
export { type RegisteredMetrics, registerMetrics } from './telemetry/register-metrics.ts';
