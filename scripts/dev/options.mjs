import { parseArgs } from 'node:util';

const help = `npm run dev [-- options]

Builds, starts the issuer of the demo, one sidecar and one API, and watches packages/*/src and apps/*/src.
After a change it compiles, and restarts the sidecar, the API or both, whichever run the changed code.
The issuer and the revocation log keep running, so tokens and revocations stay as they are.

  --source redis   the log is in a Redis that is started for this run (default); without a Redis server: file
  --source file    the log is in a file of the sidecar
  --free-ports     use free ports instead of 9400 and 9401 (issuer), 7471 and 7472 (sidecar), 3000 (API)
  --root <folder>  watch and build the repository in this folder (default: this one)
  --help, -h       print this text

Ctrl-C stops every process at once.
`;

/** Reads the command line. Prints the help, or what is wrong, and exits when there is nothing to run. */
export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        source: { type: 'string', default: 'redis' },
        'free-ports': { type: 'boolean', default: false },
        root: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(help);
      process.exit(0);
    }
    if (!['redis', 'file'].includes(values.source)) {
      throw new Error(`--source takes redis or file, found ${values.source}`);
    }
    return { source: values.source, freePorts: values['free-ports'], root: values.root };
  } catch (error) {
    process.stderr.write(`${error.message}\nSee npm run dev -- --help\n`);
    process.exit(2);
  }
}
