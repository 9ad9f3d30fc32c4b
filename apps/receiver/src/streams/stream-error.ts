/** Why a stream does not work. A closed list: safe in logs. */
export type StreamErrorCode =
  | 'no_answer'
  | 'bad_status'
  | 'bad_metadata'
  | 'foreign_host'
  | 'bad_token_answer'
  | 'bad_stream'
  | 'credential_unreadable';

/** A failure at the transmitter, or of the way to it. Its message never has a URL. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;
  readonly status: number | undefined;

  constructor(code: StreamErrorCode, { status, cause }: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(status === undefined ? code : `${code} (status ${status})`, { cause });
    this.code = code;
    this.status = status;
  }
}
