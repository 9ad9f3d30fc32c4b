import { writeDuration } from '@revocast/denylist/replica';
import type { Problem } from './layer.ts';
import type { Option, OptionTable } from './option-table.ts';
import type { Resolved } from './resolve-options.ts';

/** `--print-config`: a valid configuration file in YAML. Each line names the origin of its value; secrets are masked. */
export function printConfig({ config, origins }: Extract<Resolved<object>, { ok: true }>, table: OptionTable): string {
  const values: Readonly<Record<string, unknown>> = { ...config };
  const lines = table.options
    .filter(({ name, fileOf }) => fileOf === undefined && values[name] !== undefined)
    .map(
      (option) =>
        [
          `${option.name}: ${show(option, values[option.name], table.secrets)}`,
          origins.get(option.name) ?? 'default',
        ] as const,
    );
  const width = Math.max(...lines.map(([line]) => line.length));
  return lines.map(([line, origin]) => `${line.padEnd(width)}  # ${origin}\n`).join('');
}

function show({ name, type }: Option, value: unknown, secrets: readonly string[]): string {
  if (secrets.includes(name) && typeof value === 'string') return `${value.split(':', 1)[0]}:***`;
  return type === 'duration' && typeof value === 'number' ? writeDuration(value) : JSON.stringify(value);
}

/** One line for each problem: `drainMs (REVOCAST_DRAIN_MS): …`. */
export function printProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ option, origin, message }) => `${option}${origin === undefined ? '' : ` (${origin})`}: ${message}\n`)
    .join('');
}

/** The list of options in `--help`. */
export function printOptions({ options }: OptionTable): string {
  return options.map((option) => `  ${option.flag} <${option.type}>\n      ${explain(option)}\n`).join('');
}

function explain({ type, description, bounds, defaultValue, environment, required }: Option): string {
  const facts = [
    bounds,
    required ? 'required' : '',
    defaultValue === undefined
      ? ''
      : `default ${type === 'duration' ? String(defaultValue) : JSON.stringify(defaultValue)}`,
    environment,
  ];
  return `${description} (${facts.filter((fact) => fact !== '').join('; ')})`;
}
