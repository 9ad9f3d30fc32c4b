import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { root } from './root.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose; // the tests below check the content
const services = Object.entries(compose.services);
const dockerfile = read('docker/Dockerfile');

describe('docker-compose.yml', () => {
  it('has redis, an issuer, two APIs with one sidecar each, and prometheus', () => {
    const names = ['redis', 'log-init', 'issuer', 'api-1', 'sidecar-1', 'api-2', 'sidecar-2', 'prometheus'];
    expect(Object.keys(compose.services)).toEqual(names);
  });

  it.each([1, 2])('runs sidecar %i in the network of its API, which connects to it on loopback', (n) => {
    expect(compose.services[`sidecar-${n}`]?.network_mode).toBe(`service:api-${n}`);
    expect(compose.services[`sidecar-${n}`]).not.toHaveProperty('ports');
    expect(compose.services[`api-${n}`]?.environment?.['REVOCAST_FEED']).toBe('http://127.0.0.1:7471');
  });

  it.each(services.filter(([name]) => name !== 'log-init'))('checks the health of %s', (_name, { healthcheck }) => {
    expect(healthcheck?.test?.length).toBeGreaterThan(1);
  });

  it.each(services)('publishes the ports of %s only on loopback, and no port twice', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const published = services.flatMap(([, service]) => service.ports ?? []).map((port) => port.split(':')[1]);
    expect(new Set(published).size).toBe(published.length);
  });

  it.each(services)('starts %s from a pinned image or an existing stage', (_name, { image, build }) => {
    if (image !== undefined) expect(image).toMatch(/:v?\d+\.\d+\.\d+/);
    else {
      expect(existsSync(join(root, build?.context ?? 'nowhere', build?.dockerfile ?? ''))).toBe(true);
      expect(dockerfile).toContain(` AS ${build?.target}\n`);
    }
  });

  it.each(services)('mounts only existing files into %s', (_name, { volumes = [] }) => {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(existsSync(join(root, source))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it.each(services)('starts %s after existing services that can meet the condition', (_name, service) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[needed];
      expect(other).toBeDefined();
      if (condition === 'service_healthy') expect(other?.healthcheck?.test).toBeDefined();
    }
  });

  it('configures Redis without eviction and with persistence', () => {
    const command = compose.services['redis']?.command?.join(' ');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--appendonly yes');
  });
});

describe('the Prometheus configuration', () => {
  const { scrape_configs: jobs } = parse(read('docker/prometheus.yml')) as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  const targets = jobs.flatMap((job) => job.static_configs.flatMap((config) => config.targets));

  it('scrapes both APIs, both sidecars through the network of their API, and the issuer', () => {
    expect(targets).toEqual(['api-1:3000', 'api-2:3000', 'api-1:7472', 'api-2:7472', 'issuer:9402']);
  });

  it('scrapes the metrics port of the issuer, and its operator port stays on loopback', () => {
    const environment = compose.services['issuer']?.environment;
    expect(targets).toContain(`issuer:${environment?.['REVOCAST_DEMO_METRICS_PORT']}`);
    expect(environment).not.toHaveProperty('REVOCAST_DEMO_OPERATOR_HOST');
  });

  it('names only existing services', () => {
    for (const target of targets) expect(Object.keys(compose.services)).toContain(target.split(':')[0]);
  });
});
