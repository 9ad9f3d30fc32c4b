#!/usr/bin/env node
// Imports nothing: an import would be one of the files that cannot be opened.

/** Node reports a file that cannot be opened for lack of descriptors by any of these. */
const loadFailures = ['EMFILE', 'ENFILE', 'ERR_MODULE_NOT_FOUND'];

// Loaded here, so that a failure to open one of its hundreds of files is one line and no stack trace.
try {
  await import('./program.ts');
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!loadFailures.includes(code)) throw error;
  process.stderr.write(
    `revocast-sidecar: its own files cannot be loaded (${code}): expected at least 1024 open files for a process; raise the limit (ulimit -n, LimitNOFILE), or install the program again\n`,
  );
  process.exitCode = 1;
}
