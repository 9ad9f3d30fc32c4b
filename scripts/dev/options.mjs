import { parseArgs } from 'node:util';

const help = `npm run dev [-- options]

Builds, starts the issuer of the demo, one sidecar and one API, and watches packages/*/src and apps/*/src.
After a change it compiles, and restarts the processes that run the changed code: the sidecar, the API, or both.
The issuer and the revocation log keep running, so tokens and revocations stay valid.

  --source redis   keep the log in a Redis that is started for this run (default); without a Redis server, as with file
  --source file    keep the log in a file of the sidecar
  --free-ports     use free ports instead of 9400 and 9401 (issuer), 7471 and 7472 (sidecar), 3000 (API)
  --root <folder>  watch and build the repository in this folder (default: the one of this script)
  --help, -h       print this text

Ctrl-C stops all processes.
`;

/** Parses the command line. With --help or a wrong option, prints a text and exits. */
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
      throw new Error(`--source: expected redis or file, found ${values.source}`);
    }
    return { source: values.source, freePorts: values['free-ports'], root: values.root };
  } catch (error) {
    process.stderr.write(`${error.message}\nSee npm run dev -- --help\n`);
    process.exit(2);
  }
}
