/**
 * For scripts without options: `--help` says what the script does and starts nothing; anything else is refused, so that
 * a switch that does not exist is refused.
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
