/** Why a value is rejected: `expected …`. Never contains the value, which may be a secret. */
export interface Mistake {
  readonly option: string;
  readonly message: string;
}
