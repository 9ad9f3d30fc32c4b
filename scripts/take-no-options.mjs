/**
 * For scripts without options: `--help` prints a description and exits with 0; any other argument is an error with exit
 * code 2.
 */
export function takeNoOptions(command, help) {
  const given = process.argv.slice(2);
  if (given.length === 0) return;
  if (given.every((argument) => argument === '--help' || argument === '-h')) {
    console.log(`npm run ${command}\n\n${help}`);
    process.exit(0);
  }
  console.error(`npm run ${command} takes no options, found ${given.join(' ')}; see npm run ${command} -- --help`);
  process.exit(2);
}
