/** `unknown`: it could not be looked at. That is neither well nor ill. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown';

/** One question that the doctor asks, and its answer. */
export interface Check {
  /** Stable, for scripts: `subject.question`. */
  readonly name: string;
  readonly status: CheckStatus;
  /** No address with credentials, no token, no claim. */
  readonly found: string;
  readonly expected: string;
  /** What to do. Absent when all is well. */
  readonly remedy?: string;
  /** Why it failed is that nobody answered. */
  readonly unreachable?: true;
}

/** What is asked, and what to do about any other answer than the one expected. */
export interface Question {
  readonly name: string;
  readonly expected: string;
  readonly remedy: string;
}

export function well({ name, expected }: Pick<Question, 'name' | 'expected'>, found: string): Check {
  return { name, status: 'ok', found, expected };
}

export function ill({ name, expected, remedy }: Question, status: 'warn' | 'fail', found: string): Check {
  return { name, status, found, expected, remedy };
}

export function silent({ name, expected, remedy }: Question, found: string): Check {
  return { name, status: 'fail', found, expected, remedy, unreachable: true };
}

export function hidden({ name, expected, remedy }: Question, found: string): Check {
  return { name, status: 'unknown', found, expected, remedy };
}
