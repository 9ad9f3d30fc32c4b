export type Checked = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'recovery' | 'expectation';

/** Something that must never be. */
export interface Violation {
  readonly checked: Checked;
  /** One sentence with who, which token and when. */
  readonly what: string;
}
