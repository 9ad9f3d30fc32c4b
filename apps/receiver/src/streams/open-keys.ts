import type { Clock, Random } from '@revocast/denylist/replica';
import {
  createDocumentFetcher,
  createKeySource,
  type KeySource,
  type KeySourceObserver,
  processQuestions,
  readKeySetLimits,
} from '@revocast/middleware/keys';
import type { Source } from '../config/source-list.ts';
import type { SignalKeys } from '../signals/index.ts';

interface KeyPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly dangerouslyAllowHttp: boolean;
  readonly observer: (source: string) => KeySourceObserver;
}

type FetchDocument = ReturnType<typeof createDocumentFetcher>;

const noKeys: SignalKeys = { findKey: () => ({ outcome: 'rejected', reason: 'unknown_kid' }) };

/** Opens the key sets of sources; those that name the same one share it. */
export function createKeySets({ clock, random, dangerouslyAllowHttp, observer }: KeyPorts) {
  const opened = new Map<string, KeySource>();
  const limits = readKeySetLimits('keySet', {}, { allowHttp: dangerouslyAllowHttp, environment: {} });
  const questions = processQuestions();
  const fetchDocument = createDocumentFetcher({ maxBytes: limits.maxBytes, dangerouslyAllowHttp });
  return {
    /** The keys of a source; none for a source whose messages are not signed by a key. */
    keysOf(source: Source): SignalKeys & Partial<Pick<KeySource, 'prefetch' | 'status'>> {
      if (!('jwksUri' in source) && !('audience' in source)) return noKeys;
      const { issuer, jwksUri, kind, name } = source;
      if (kind === 'global-token-revocation' && source.audience.length === 0) return noKeys;
      const isStream = kind === 'ssf';
      const location = jwksUri === undefined ? { issuer } : { jwksUri };
      const key = JSON.stringify([location, isStream]);
      const known = opened.get(key);
      if (known !== undefined) return known;
      const keys = createKeySource({
        location,
        clock,
        random,
        limits,
        questions,
        fetchDocument: isStream ? streamMetadataFirst(fetchDocument) : fetchDocument,
        observer: observer(name),
      });
      opened.set(key, keys);
      return keys;
    },
    close() {
      for (const keys of opened.values()) keys.close();
    },
  };
}

/** SSF 1.0 §7.1: the metadata of a transmitter names its key set. Some transmitters publish only those of their issuer. */
function streamMetadataFirst(fetchDocument: FetchDocument): FetchDocument {
  return async (request) => {
    const url = request.url.replace(
      /\/\.well-known\/(openid-configuration|oauth-authorization-server)/,
      '/.well-known/ssf-configuration',
    );
    if (url === request.url) return await fetchDocument(request);
    const found = await fetchDocument({ ...request, url });
    return found.result === 'loaded' && typeof found.document['jwks_uri'] === 'string'
      ? found
      : await fetchDocument(request);
  };
}
