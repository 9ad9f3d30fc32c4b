/** Who and what was seen, as digests: nothing in it names anybody. */
export interface UsageReport {
  /** Digests of subjects, {@link usageDigestLength} characters of base64url each. */
  readonly subjects: readonly string[];
  /** Class of the client → digests of tokens. */
  readonly tokens: Readonly<Record<string, readonly string[]>>;
}

/** How many different ones were seen, up to an error of about 1 %. */
export interface UsageFigures {
  readonly subjectsOfDay: number;
  readonly subjectsOfMonth: number;
  /** Class of the client → tokens of this day. */
  readonly tokensOfDay: Readonly<Record<string, number>>;
}

/** Where usage is counted. Days and months are those of UTC. */
export interface UsageStore {
  /**
   * Counts what a report names on the day of `atMs`; what was counted before counts once.
   *
   * @param atMs Unix milliseconds, in the log's clock where it is known.
   * @throws FeedError when it cannot be counted now; `refused` when it is not counted there at all.
   */
  add(report: UsageReport, atMs: number): Promise<void>;
  /** The figures of the day of `atMs`. Only where they are kept. @throws FeedError */
  read?(clientClasses: readonly string[], atMs: number): Promise<UsageFigures>;
  close(): void;
}

/** Digests in one report, subjects and tokens together. */
export const maxReportDigests = 8192;
/** Configured classes of clients; `other` and `unknown` come on top. */
export const maxClientClasses = 20;
/** 128 bits as base64url. */
export const usageDigestLength = 22;

/** The class of a client that no class names, and of a token that names no client. */
export const unlistedClass = 'other';
export const namelessClass = 'unknown';

const classNamePattern = /^[\w.:-]{1,64}$/;

export function isClientClassName(name: string): boolean {
  return classNamePattern.test(name);
}

/** The same report with every class that is not listed counted as `other`: series and keys are closed by configuration. */
export function closeClasses({ subjects, tokens }: UsageReport, clientClasses: readonly string[]): UsageReport {
  const listed = new Set([...clientClasses, namelessClass]);
  const closed = new Map<string, readonly string[]>();
  for (const [name, digests] of Object.entries(tokens)) {
    const counted = listed.has(name) ? name : unlistedClass;
    closed.set(counted, [...(closed.get(counted) ?? []), ...digests]);
  }
  return { subjects, tokens: Object.fromEntries(closed) };
}
