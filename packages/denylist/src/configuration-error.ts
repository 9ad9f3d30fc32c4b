import { brandError } from './brand-error.ts';
/** An option with a wrong value. The message says what was expected, what was found, and how to fix it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'configuration';
  /** The name of the option. */
  readonly option: string;

  constructor(option: string, message: string, options?: ErrorOptions) {
    super(`${option}: ${message}`, options);
    this.option = option;
  }
}
brandError(ConfigurationError, 'ConfigurationError');
