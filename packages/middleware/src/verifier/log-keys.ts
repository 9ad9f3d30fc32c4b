import type { KeySetErrorCode, KeySetFailure, KeySourceObserver } from '../jwks/key-source.ts';
import type { StateLog } from './state-log.ts';

const checkUrl = 'request the URL from this host: a proxy or a sign-in page may answer in place of the issuer';

/** What a failed load means, and how to fix it. */
const words: Readonly<Record<KeySetErrorCode, readonly [cause: string, fix: string]>> = {
  insecure_url: ['not an https URL', 'give an https `jwksUri`'],
  network: ['no connection', 'check name, firewall and proxy between this process and that host'],
  timeout: ['no answer in time', 'check the way to that host, or raise `keySet.fetchTimeoutMs`'],
  redirect: ['a redirect, which is not followed', 'give the last URL as `jwksUri`'],
  bad_status: [
    'an answer without a document',
    'request the URL from this host; without metadata there, give `jwksUri`',
  ],
  bad_content_type: ['no JSON', checkUrl],
  too_large: ['too large', 'raise `keySet.maxBytes`'],
  bad_json: ['no JSON object', checkUrl],
  bad_metadata: ['metadata without `jwks_uri`', 'give `jwksUri`'],
  issuer_mismatch: ['metadata of another issuer', 'compare `issuer` there with the option, character by character'],
  not_a_key_set: ['no key set', 'give the URL of the key set as `jwksUri`'],
  too_many_keys: ['too many keys', 'raise `keySet.maxKeys`'],
  no_usable_keys: [
    'no key that can verify a token',
    'look at `verifier.status()`: it counts the keys that are skipped, by cause',
  ],
  hook_failed: ['issuers.resolve failed', 'look at the line about it'],
  internal_error: ['unexpected failure', 'report it'],
};

/** A certificate that is not accepted, as OpenSSL names it. */
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/;
const certificateFix = 'renew the certificate of that host; NODE_EXTRA_CA_CERTS names a file with a private authority';

/**
 * Returns an observer that logs when the keys of an issuer cannot be loaded, and when they can again.
 *
 * @param location where they are looked for, if a failure names no URL.
 */
export function logKeys(alias: string, location: string, log: StateLog): KeySourceObserver {
  const about = `keys ${alias}`;
  let warned = false;
  return {
    keySetFailed({ code, url = location, detail }: KeySetFailure) {
      const [cause, fix] = words[code];
      warned = true;
      log.say(
        about,
        'warn',
        `revocast: cannot load the keys of issuer ${alias} from ${url}: ${cause} (${detail ?? code}); ` +
          'keys that are held stay in use up to `keySet.hardAgeMs`, and without them requests are answered 503; ' +
          (certificateCodes.test(detail ?? '') ? certificateFix : fix),
      );
    },
    keySetFetched({ result }) {
      if (!warned || (result !== 'loaded' && result !== 'not_modified')) return;
      warned = false;
      log.say(about, 'info', `revocast: the keys of issuer ${alias} are loaded`);
    },
  };
}
