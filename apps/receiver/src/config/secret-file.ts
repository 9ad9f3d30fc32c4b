import { type Clock, ConfigurationError } from '@revocast/denylist/replica';
import { readOptionFile } from './source-files.ts';

const rereadMs = 2000;

/** The secrets of a sender, from a file that is read again when it is used. */
export interface SecretFile {
  /** One, or two during a rotation. The last ones stay while the file cannot be read. */
  secrets(): readonly string[];
}

/** @throws ConfigurationError when the file holds no valid secret. */
export function openSecretFile({ path, option, clock }: { path: string; option: string; clock: Clock }): SecretFile {
  const read = () => {
    const lines = readOptionFile(path, option)
      .split('\n')
      .map((line) => line.trim());
    const secrets = lines.filter((line) => line !== '');
    const isValid =
      secrets.length >= 1 && secrets.length <= 2 && secrets.every((one) => /^[\x20-\x7e]{16,512}$/.test(one));
    // The secret itself is never shown.
    if (!isValid)
      throw new ConfigurationError(option, `${path}: expected one or two secrets of 16–512 printable characters`);
    return secrets;
  };
  let held = read();
  let readAtMs = clock.monotonicMs();
  return {
    secrets() {
      if (clock.monotonicMs() - readAtMs < rereadMs) return held;
      readAtMs = clock.monotonicMs();
      try {
        held = read();
      } catch {
        // A rotation in progress: the secrets of before stay valid.
      }
      return held;
    },
  };
}
