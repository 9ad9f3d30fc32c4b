import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import { readSimple } from './simple-subject.ts';
import type { Subject, SubjectContext } from './subject.ts';

/** Keycloak writes this for the session of a user when an administrator ends all of them. */
const everySession = 'ALL';

/** Members that name less than the user, and that no token contains. */
const narrowerMembers = ['device', 'group', 'org_unit'] as const;

/**
 * The one dimension that means a complex subject. Its members describe the same principal (SSF 1.0 §3.2.1), so the narrowest
 * of them is enough.
 */
export function readComplexSubject(complex: JsonObject, context: SubjectContext): Subject | 'malformed' {
  const { user: userMember, session: sessionMember, tenant, application } = complex;
  const user = userMember === undefined ? undefined : readSimple(userMember, { ...context, scope: 'account' });
  const session = sessionMember === undefined ? undefined : readSimple(sessionMember, { ...context, scope: 'session' });
  if (user === 'malformed' || session === 'malformed') return 'malformed';
  // A session of a user of another issuer is not a session of ours either.
  if (user?.kind === 'foreign' || session?.kind === 'foreign') return { kind: 'foreign' };
  const isEverySession = session?.kind === 'session' && session.session === everySession && user !== undefined;
  if (context.scope === 'session' && session?.kind === 'session' && !isEverySession) return session;
  if (user === undefined || user.kind === 'unsupported') return withoutUser(complex, { session, user });
  if (user.kind !== 'user' && user.kind !== 'identifier') return { kind: 'unsupported' };

  const client = application === undefined ? undefined : clientOf(application);
  if (client === 'malformed' || (tenant !== undefined && !isJsonObject(tenant))) return 'malformed';
  const isNarrowerThanClient =
    (session !== undefined && !isEverySession) ||
    narrowerMembers.some((member) => complex[member] !== undefined) ||
    (application !== undefined && client === undefined);
  return { ...user, client, isWidened: isNarrowerThanClient };
}

function withoutUser(
  complex: JsonObject,
  { session, user }: { readonly session: Subject | undefined; readonly user: Subject | undefined },
): Subject | 'malformed' {
  if (session !== undefined && session.kind !== 'unsupported') return session;
  const others = ['application', ...narrowerMembers].some((member) => complex[member] !== undefined);
  const { tenant } = complex;
  // A device or a client of a tenant is not the tenant: that would be far more.
  if (tenant === undefined || others || user !== undefined || session !== undefined) return { kind: 'unsupported' };
  if (!isJsonObject(tenant)) return 'malformed';
  return tenant['format'] === 'opaque' && isName(tenant['id'])
    ? { kind: 'tenant', tenant: tenant['id'] }
    : { kind: 'unsupported' };
}

/** A client id, where the application is named by one. */
function clientOf(application: unknown): string | undefined | 'malformed' {
  if (!isJsonObject(application)) return 'malformed';
  const { format, id, sub } = application;
  if (format === 'opaque' && isName(id)) return id;
  return format === 'iss_sub' && isName(sub) ? sub : undefined;
}
