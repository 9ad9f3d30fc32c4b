export type Checked = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'recovery' | 'expectation';

/** A guarantee that did not hold. */
export interface Violation {
  readonly checked: Checked;
  /** One sentence that names the process, the token and the time. */
  readonly what: string;
}
