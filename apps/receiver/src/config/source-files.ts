import { readFileSync } from 'node:fs';
import { ConfigurationError, errorCodeOf } from '@revocast/denylist/replica';
import type { Mistake } from '@revocast/sidecar/service';
import type { Source } from './source-list.ts';

/** @throws ConfigurationError that names the option, when the file cannot be read. */
export function readOptionFile(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigurationError(option, unreadable(path, cause), { cause });
  }
}

function unreadable(path: string, error: unknown): string {
  return `cannot read ${path} (${errorCodeOf(error) ?? 'unknown'})`;
}

/**
 * Files of sources that cannot be read, or are empty. A receiver that starts without one of them would answer every message
 * with 503, or never fetch an event.
 */
export function findMissingFiles(sources: readonly Source[]): Mistake[] {
  return sources.flatMap((source) => filesOf(source, `sources.${source.name}`)).flatMap(findMistake);
}

interface OptionFile {
  readonly option: string;
  readonly path: string;
}

/** Every option of a source whose name ends with `File`, also in its hooks. */
function filesOf(options: object, at: string): OptionFile[] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    const option = `${at}.${name}`;
    if (typeof value === 'string') return name.endsWith('File') ? [{ option, path: value }] : [];
    return typeof value === 'object' && value !== null ? filesOf(value, option) : [];
  });
}

function findMistake({ option, path }: OptionFile): Mistake[] {
  try {
    if (readFileSync(path, 'utf8').trim() !== '') return [];
    return [{ option, message: `expected a secret in ${path}, found an empty file` }];
  } catch (error) {
    return [{ option, message: unreadable(path, error) }];
  }
}
