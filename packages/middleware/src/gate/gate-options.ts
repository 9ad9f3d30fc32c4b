import type { WhenUnknown } from '../decision.ts';
import { flag, type GivenOptions, group, optional, type ReadOptions } from '../options/option-table.ts';
import { readOneOf } from '../options/read-option.ts';

/** Which requests pass: options of every gate. */
export const passageTable = {
  /** Let requests without any credentials pass, without `req.auth`. Requests with bad ones are refused. Default false. */
  anonymous: flag,
  /** What to do when it is unknown whether a token is revoked. Default: that of the verifier. */
  whenUnknown: optional<WhenUnknown>({
    bounds: 'unavailable, accept',
    read: (name, value) => readOneOf<WhenUnknown>(name, value, ['unavailable', 'accept']),
  }),
};

/** The options of `protect`. */
const gateTable = {
  ...passageTable,
  /** Pass errors to `next(err)` instead of answering; they have `status`, `headers` and `code`. Default false. */
  forwardErrors: flag,
};

export type GivenGateOptions = GivenOptions<typeof gateTable>;
export type ReadGateOptions = ReadOptions<typeof gateTable>;

/** @throws ConfigurationError */
export function readGateOptions(where: string, given: GivenGateOptions): ReadGateOptions {
  return group(gateTable)(where, given, { allowHttp: false, environment: {} });
}
