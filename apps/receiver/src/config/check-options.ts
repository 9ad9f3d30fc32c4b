import { ConfigurationError, isJsonObject } from '@revocast/denylist/replica';
import { checkValues, type Mistake } from '@revocast/sidecar/service';
import { type ReceiverConfig, type ReceiverOptions, receiverSpecs } from './receiver-options.ts';
import { schemeOf } from './source-list.ts';

type Checked =
  | { readonly ok: true; readonly config: ReceiverConfig }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** Checks each value, and then those that depend on others. */
export function checkOptions(input: Readonly<Record<string, unknown>>): Checked {
  const { values, mistakes } = checkValues(receiverSpecs, input);
  if (mistakes.length > 0) return { ok: false, mistakes };
  const config = values as ReceiverConfig; // the kind of each option has read its value
  const conflicts = [...findConflicts(config)];
  return conflicts.length > 0 ? { ok: false, mistakes: conflicts } : { ok: true, config: Object.freeze(config) };
}

/** @throws ConfigurationError with the first mistake. */
export function parseOptions(input: ReceiverOptions): ReceiverConfig {
  const checked = checkOptions({ ...input });
  if (checked.ok) return checked.config;
  const [{ option, message } = { option: 'options', message: 'invalid' }] = checked.mistakes;
  throw new ConfigurationError(option, message);
}

function* findConflicts(config: ReceiverConfig): Generator<Mistake> {
  const { dataTlsCertFile, dataTlsKeyFile, dataTlsClientCaFile, dangerouslyAllowHttp } = config;
  if ((dataTlsCertFile === undefined) !== (dataTlsKeyFile === undefined)) {
    yield { option: 'dataTlsCertFile', message: 'expected dataTlsCertFile and dataTlsKeyFile, or neither' };
  }
  if (dataTlsClientCaFile !== undefined && dataTlsCertFile === undefined) {
    yield { option: 'dataTlsCertFile', message: 'needed beside dataTlsClientCaFile' };
  }
  if (dangerouslyAllowHttp) return;
  for (const [index, source] of config.sources.entries()) {
    for (const option of ['issuer', 'jwksUri', 'transmitter', 'receiverUrl', 'pollUrl', 'tokenEndpoint'] as const) {
      const written = new Map<string, unknown>(Object.entries(source)).get(option);
      if (typeof written !== 'string' || schemeOf(written) !== 'http:') continue;
      yield { option: `sources[${index}].${option}`, message: 'expected https:, or dangerouslyAllowHttp: true' };
    }
    for (const option of ['subjects', 'endRefreshTokens'] as const) {
      const hook = new Map<string, unknown>(Object.entries(source)).get(option);
      // Without a token only identifiers are sent, to a directory in the same network.
      if (!isJsonObject(hook) || hook['bearerFile'] === undefined || schemeOf(String(hook['url'])) !== 'http:')
        continue;
      const message = 'expected https: beside bearerFile, or dangerouslyAllowHttp: true';
      yield { option: `sources[${index}].${option}.url`, message };
    }
  }
}
