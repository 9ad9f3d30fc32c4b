import { ConfigurationError } from '@revocast/denylist/replica';
import { checkValues } from './check-values.ts';
import { isHostLocal, parseListenAddress } from './listen-address.ts';
import type { Mistake } from './mistake.ts';
import { type Config, type ConfigInput, type OptionName, optionSpecs } from './schema.ts';

/** Either the configuration with its defaults, or every mistake. */
export type Checked<Values = Config> =
  | { readonly ok: true; readonly config: Values }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** Checks each value, and then those that depend on others. A member that is undefined is absent. */
export function checkConfig(input: Readonly<Record<string, unknown>>): Checked {
  const { values, mistakes } = checkValues(optionSpecs, input);
  if (mistakes.length > 0) return { ok: false, mistakes };
  const config = values as Config; // the kind of each option has read its value
  const conflicts = [...findTlsMistakes(config), ...findTokenMistakes(config)];
  return conflicts.length > 0 ? { ok: false, mistakes: conflicts } : { ok: true, config: Object.freeze(config) };
}

/** @throws ConfigurationError with the first mistake. */
export function parseConfig(input: ConfigInput): Config {
  const checked = checkConfig({ ...input });
  if (checked.ok) return checked.config;
  const [{ option, message } = { option: 'config', message: 'invalid' }] = checked.mistakes;
  throw new ConfigurationError(option, message);
}

function mistake(option: OptionName, message: string): Mistake {
  return { option, message };
}

function* findTlsMistakes({ dataListen, dataTlsCertFile, dataTlsKeyFile, dataTlsClientCaFile }: Config) {
  if (dataTlsCertFile === undefined) {
    if (dataTlsKeyFile !== undefined) yield mistake('dataTlsCertFile', 'needed beside dataTlsKeyFile');
    if (dataTlsClientCaFile !== undefined) yield mistake('dataTlsCertFile', 'needed beside dataTlsClientCaFile');
    return;
  }
  if (dataTlsKeyFile === undefined) yield mistake('dataTlsKeyFile', 'needed beside dataTlsCertFile');
  if (dataListen.startsWith('unix:')) {
    yield mistake('dataTlsCertFile', 'expected none with a Unix socket, which only this host can reach');
  }
}

function* findTokenMistakes({ dataListen, readTokenFile, writeTokenFile, relayTokenFile, tokenFile }: Config) {
  if (tokenFile !== undefined && writeTokenFile !== undefined) {
    yield mistake('tokenFile', 'expected none beside writeTokenFile');
  }
  const address = parseListenAddress(dataListen);
  const isAnySet = [readTokenFile, writeTokenFile, relayTokenFile, tokenFile].some((path) => path !== undefined);
  if (address === undefined || isHostLocal(address) || isAnySet) return;
  yield mistake(
    'readTokenFile',
    `needed because dataListen ${dataListen} can be reached by other hosts; or listen on 127.0.0.1 or a Unix socket`,
  );
}
