import { ConfigurationError, fixForFeedError, type OpenedSource, openSource } from '@revocast/denylist/replica';
import { codeOf } from '../telemetry/log-state-changes.ts';

/** Opens a source for one command, and closes it. @returns the exit code: 1 failed, 2 no source, else that of the command. */
export async function withSource(url: string, act: (source: OpenedSource) => Promise<number>): Promise<number> {
  let source: OpenedSource;
  try {
    source = await openSource(url);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  try {
    return await act(source);
  } catch (error) {
    const code = codeOf(error);
    // The message is not printed: it may contain a reply.
    process.stderr.write(
      `${source.name}: failed (${code}). ${fixForFeedError(code) ?? 'Read the log of the source.'}\n`,
    );
    return 1;
  } finally {
    await source.close();
  }
}
