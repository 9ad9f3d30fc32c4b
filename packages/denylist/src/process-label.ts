import { hostname } from 'node:os';

/** Names this process for people: the host (in Kubernetes the pod), the process id, and a name of its own if it has one. */
export function processLabel(name?: string): string {
  return [hostname(), String(process.pid), ...(name === undefined ? [] : [name])].join('/');
}
