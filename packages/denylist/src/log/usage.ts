/** The subjects and tokens that a process has seen, as digests: it contains no name. */
export interface UsageReport {
  /** Digests of subjects, {@link usageDigestLength} characters of base64url each. */
  readonly subjects: readonly string[];
  /** Class of the client → digests of tokens. */
  readonly tokens: Readonly<Record<string, readonly string[]>>;
}

/** Numbers of different subjects and tokens, with an error of about 1 %. */
export interface UsageFigures {
  readonly subjectsOfDay: number;
  readonly subjectsOfMonth: number;
  /** Class of the client → tokens of the day. */
  readonly tokensOfDay: Readonly<Record<string, number>>;
}

/** Where usage is counted. Days and months are those of UTC. */
export interface UsageStore {
  /**
   * Counts the contents of a report for the day of `atMs`. What was counted before is not counted twice.
   *
   * @param atMs Unix milliseconds, in the log's clock where it is known.
   * @throws FeedError when it cannot be counted now; `refused` when this store counts no usage.
   */
  add(report: UsageReport, atMs: number): Promise<void>;
  /** The figures of the day of `atMs`. Only where they are stored. @throws FeedError */
  read?(clientClasses: readonly string[], atMs: number): Promise<UsageFigures>;
  close(): void;
}

/** Digests in one report, subjects and tokens together. */
export const maxReportDigests = 8192;
/** Classes of clients that can be configured, beside `other` and `unknown`. */
export const maxClientClasses = 20;
/** 128 bits as base64url. */
export const usageDigestLength = 22;

/** The class of a client without a configured class, and of a token without a client. */
export const unlistedClass = 'other';
export const namelessClass = 'unknown';

export function isClientClassName(name: string): boolean {
  return /^[\w.:-]{1,64}$/.test(name);
}

/** The report with every class that is not listed as `other`, so that the configuration bounds series and keys. */
export function closeClasses({ subjects, tokens }: UsageReport, clientClasses: readonly string[]): UsageReport {
  const listed = new Set([...clientClasses, namelessClass]);
  const closed = new Map<string, readonly string[]>();
  for (const [name, digests] of Object.entries(tokens)) {
    const counted = listed.has(name) ? name : unlistedClass;
    closed.set(counted, [...(closed.get(counted) ?? []), ...digests]);
  }
  return { subjects, tokens: Object.fromEntries(closed) };
}
