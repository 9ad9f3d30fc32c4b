import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';

/** What Pod Security *restricted* refuses in a pod: the standard of Kubernetes 1.33, without the rules for Windows. */
interface Rule {
  readonly name: string;
  /** Whether the pod breaks it. `containers` includes init containers. */
  readonly isBroken: (pod: JsonObject, containers: readonly JsonObject[]) => boolean;
}

const objectIn = (value: JsonObject, name: string): JsonObject => {
  const member = value[name];
  return isJsonObject(member) ? member : {};
};
const listIn = (value: JsonObject, name: string): readonly JsonObject[] => {
  const member = value[name];
  return Array.isArray(member) ? member.filter(isJsonObject) : [];
};
const textsIn = (value: JsonObject, name: string): readonly unknown[] => {
  const member = value[name];
  return Array.isArray(member) ? member : [];
};
const securityOf = (part: JsonObject): JsonObject => objectIn(part, 'securityContext');
/** The value that is in force for a container: its own, or that of the pod. */
const inForce = (pod: JsonObject, container: JsonObject, name: string): unknown =>
  securityOf(container)[name] ?? securityOf(pod)[name];

const allowedVolumes = 'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' ');
const safeSysctls = /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_|tcp_|ping_).*)$/;

export const podSecurityRules: readonly Rule[] = [
  {
    name: 'host namespaces',
    isBroken: (pod) => ['hostNetwork', 'hostPID', 'hostIPC'].some((name) => pod[name] === true),
  },
  {
    name: 'privileged containers',
    isBroken: (_pod, containers) => containers.some((each) => securityOf(each)['privileged'] === true),
  },
  {
    name: 'added capabilities',
    isBroken: (_pod, containers) =>
      containers
        .flatMap((each) => textsIn(objectIn(securityOf(each), 'capabilities'), 'add'))
        .some((name) => name !== 'NET_BIND_SERVICE'),
  },
  {
    name: 'dropped capabilities',
    isBroken: (_pod, containers) =>
      containers.some((each) => !textsIn(objectIn(securityOf(each), 'capabilities'), 'drop').includes('ALL')),
  },
  {
    name: 'host ports',
    isBroken: (_pod, containers) =>
      containers.flatMap((each) => listIn(each, 'ports')).some((port) => 'hostPort' in port),
  },
  {
    name: 'volume types',
    isBroken: (pod) =>
      listIn(pod, 'volumes').some((volume) =>
        Object.keys(volume).some((key) => key !== 'name' && !allowedVolumes.includes(key)),
      ),
  },
  {
    name: 'privilege escalation',
    isBroken: (_pod, containers) => containers.some((each) => securityOf(each)['allowPrivilegeEscalation'] !== false),
  },
  {
    name: 'running as non-root',
    isBroken: (pod, containers) => containers.some((each) => inForce(pod, each, 'runAsNonRoot') !== true),
  },
  {
    name: 'user 0',
    isBroken: (pod, containers) => [pod, ...containers].some((each) => securityOf(each)['runAsUser'] === 0),
  },
  {
    name: 'seccomp',
    isBroken: (pod, containers) =>
      containers.some((each) => {
        const profile = inForce(pod, each, 'seccompProfile');
        return !isJsonObject(profile) || !['RuntimeDefault', 'Localhost'].includes(String(profile['type']));
      }),
  },
  {
    name: 'proc mount, SELinux and AppArmor',
    isBroken: (pod, containers) =>
      [pod, ...containers].some((each) => {
        const { procMount, seLinuxOptions, appArmorProfile } = securityOf(each);
        const isUnconfined = isJsonObject(appArmorProfile) && appArmorProfile['type'] === 'Unconfined';
        return (procMount !== undefined && procMount !== 'Default') || seLinuxOptions !== undefined || isUnconfined;
      }),
  },
  {
    name: 'sysctls',
    isBroken: (pod) => listIn(securityOf(pod), 'sysctls').some(({ name }) => !safeSysctls.test(String(name))),
  },
];

/** The names of the rules that a pod breaks. @param spec of the pod, as in a manifest. */
export function brokenRules(spec: JsonObject): string[] {
  const containers = [...listIn(spec, 'initContainers'), ...listIn(spec, 'containers')];
  return podSecurityRules.filter(({ isBroken }) => isBroken(spec, containers)).map(({ name }) => name);
}
