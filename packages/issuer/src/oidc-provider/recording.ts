import { systemClock } from '@revocast/denylist/replica';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { GrantEnds } from './grant-ends.ts';
import type { StorageAdapter, StoragePort } from './provider.ts';
import { currentRequest } from './requests.ts';
import { askStore, hideEnded } from './unfinished-ends.ts';

/**
 * The storage of your oidc-provider server, which notes the end of a grant before it happens: pass it as the option `adapter`.
 *
 * It sees every end: by a logout, at `/token/revocation`, after a second use of a refresh token or code, by a consent page or
 * other code of yours that calls `grant.destroy()` or `revokeByGrantId()`. Rows that are deleted past the library are not seen.
 * When an end cannot be noted, the method rejects: nothing is deleted, and the library answers 500.
 *
 * It asks the store of the lifecycle once for each session and grant that is read: one whose end was noted, and that a crash
 * kept from being deleted, is deleted then, and not found.
 *
 * @param adapter a class or a function, as the library takes it.
 * @returns a function that creates one port a model, with every other member of yours.
 */
export function recording<Port extends StoragePort>(
  adapter: StorageAdapter<Port>,
  lifecycle: Lifecycle,
): (model: string) => Port {
  const create = factoryOf(adapter);
  const ports = new Map<string, Port>();
  const portOf = (model: string): Port => {
    const port = ports.get(model) ?? create(model);
    ports.set(model, port);
    return port;
  };
  const ends = new GrantEnds(lifecycle, () => portOf('Grant'));
  const isReported = askStore(lifecycle, systemClock);
  return (model) => record(portOf(model), { model, ends, hides: { isReported, portOf } });
}

interface Recording {
  readonly model: string;
  readonly ends: GrantEnds;
  readonly hides: Parameters<typeof hideEnded>[2];
}

/** A proxy, because a port may have private members and methods of its own. */
function record<Port extends StoragePort>(port: Port, { model, ends, hides }: Recording): Port {
  const recorded = { ...recordEnds(port, model, ends), ...hideEndedItems(port, model, hides) };
  return new Proxy(port, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(recorded, name)) return Reflect.get(recorded, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

function recordEnds(port: StoragePort, model: string, ends: GrantEnds): Partial<StoragePort> {
  const revokeByGrantId: StoragePort['revokeByGrantId'] = async (grantId) => {
    await ends.note(grantId, false);
    return await port.revokeByGrantId(grantId);
  };
  switch (model) {
    case 'Grant':
      // A consent page that takes a consent back calls `grant.destroy()`, which revokes no token.
      return { revokeByGrantId, destroy: (id) => ends.note(id, true).then(() => port.destroy(id)) };
    case 'RefreshToken':
      return {
        revokeByGrantId,
        async destroy(id) {
          const grant = reusedGrant();
          if (grant !== undefined) await ends.note(grant, false);
          return await port.destroy(id);
        },
      };
    default:
      return { revokeByGrantId };
  }
}

function hideEndedItems(port: StoragePort, model: string, hides: Recording['hides']): Partial<StoragePort> {
  if (model !== 'Grant' && model !== 'Session') return {};
  return {
    find: hideEnded((id) => port.find(id), model, hides),
    findByUid: hideEnded((uid) => port.findByUid(uid), model, hides),
  };
}

/**
 * The grant of a spent refresh token that is used again in this request. The library deletes the token while it begins to end
 * the grant: without the token, nothing would show the theft after a crash.
 */
function reusedGrant(): string | undefined {
  const { oidc } = currentRequest()?.context ?? {};
  return oidc?.route === 'token' ? oidc.entities.RefreshToken?.grantId : undefined;
}

/** As the library does: what can be constructed is a class. */
function factoryOf<Port extends StoragePort>(adapter: StorageAdapter<Port>): (model: string) => Port {
  return isClass(adapter) ? (model) => new adapter(model) : adapter;
}

function isClass<Port extends StoragePort>(adapter: StorageAdapter<Port>): adapter is new (model: string) => Port {
  return typeof adapter.prototype === 'object' && adapter.prototype !== null;
}
