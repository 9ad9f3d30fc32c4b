import { ConfigurationError } from './configuration-error.ts';

/** The bounds of an option that is a whole number; `least` and `most` are allowed. */
export interface OptionBounds {
  readonly least: number;
  readonly most: number;
  /** What is counted, for the error text: `ms`. */
  readonly unit: string;
  /** `Infinity` is allowed too. Default false. */
  readonly orInfinity?: boolean;
}

/**
 * The value, when it is a whole number within the bounds.
 *
 * @throws ConfigurationError with the option, its bounds and the number found; of another type only the type is named.
 */
export function checkWholeNumber(
  option: string,
  value: unknown,
  { least, most, unit, orInfinity = false }: OptionBounds,
): number {
  const isNumber = typeof value === 'number';
  if (isNumber && Number.isInteger(value) && value >= least && value <= most) return value;
  if (isNumber && orInfinity && value === Number.POSITIVE_INFINITY) return value;
  const expected = `a whole number of ${unit} from ${least} to ${most}${orInfinity ? ', or Infinity' : ''}`;
  throw new ConfigurationError(
    option,
    `expected ${expected}, found ${isNumber ? value : `a value of type ${typeof value}`}`,
  );
}
