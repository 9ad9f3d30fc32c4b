import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { type RedisServer, type StartRedisOptions, startRedis } from './redis.ts';
import { askRedis } from './redis-ask.ts';

export interface StartClusterOptions {
  /** Number of nodes with slots. Default 3, the minimum for a failover. */
  primaries?: number;
  /** Whether each of them has a replica. Default true. */
  replicas?: boolean;
  /** Directives of every node. */
  config?: StartRedisOptions['config'];
}

/** A cluster on loopback. */
export interface RedisCluster {
  /** `redis+cluster://127.0.0.1:…,…` with every node. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** The node that currently serves the slot of a key. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Fails over from this node to its replica, without loss. Resolves with the new owner when all nodes know it. */
  failover(key: string): Promise<RedisServer>;
  /** Moves the slot of a key to another primary, key by key, as a resharding does. Resolves when all nodes know it. */
  moveSlot(key: string): Promise<void>;
  stop(): Promise<void>;
}

const slotCount = 16_384;

/** Starts the nodes, assigns the slots, and waits until every node reports that the cluster is complete. */
export async function startCluster(options: StartClusterOptions = {}): Promise<RedisCluster> {
  const { primaries = 3, replicas = true, config = {} } = options;
  const nodes: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const count = replicas ? 2 * primaries : primaries;
    const busPorts = new Map<RedisServer, number>();
    for (let index = 0; index < count; index += 1) {
      // The default bus port is 10,000 higher, which can exceed the largest port.
      const busPort = await freePort();
      const own = { 'cluster-enabled': 'yes', 'cluster-port': String(busPort), 'cluster-node-timeout': '1500' };
      const node = await startRedis({ config: { ...own, ...config } });
      nodes.push(node);
      busPorts.set(node, busPort);
    }
    await join(nodes, busPorts);
    await assignSlots(nodes.slice(0, primaries));
    if (replicas) await attachReplicas(nodes, primaries);
    await until(() => isComplete(nodes, primaries), { what: 'the cluster to be complete', timeoutMs: 20_000 });
    return clusterOf(nodes, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function join(nodes: readonly RedisServer[], busPorts: ReadonlyMap<RedisServer, number>): Promise<void> {
  const [first, ...others] = nodes;
  for (const { host, port } of others) {
    const bus = busPorts.get(others.find((node) => node.port === port) ?? others[0]!);
    await askRedis(first!, `CLUSTER MEET ${host} ${port} ${bus}`);
  }
  await until(
    async () => {
      const infos = await Promise.all(nodes.map((node) => askRedis(node, 'CLUSTER INFO')));
      return infos.every((info) => info.includes(`cluster_known_nodes:${nodes.length}\r`));
    },
    { what: 'the nodes to meet', timeoutMs: 20_000 },
  );
}

async function assignSlots(primaries: readonly RedisServer[]): Promise<void> {
  const share = Math.ceil(slotCount / primaries.length);
  for (const [index, node] of primaries.entries()) {
    const last = Math.min(slotCount, (index + 1) * share) - 1;
    await askRedis(node, `CLUSTER ADDSLOTSRANGE ${index * share} ${last}`);
  }
}

async function attachReplicas(nodes: readonly RedisServer[], primaries: number): Promise<void> {
  for (let index = 0; index < primaries; index += 1) {
    const id = await idOf(nodes[index]!);
    // Fails until the node has received the gossip about its primary.
    await until(() => askRedis(nodes[primaries + index]!, `CLUSTER REPLICATE ${id}`), { what: 'a replica to attach' });
  }
}

async function isComplete(nodes: readonly RedisServer[], primaries: number): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => askRedis(node, 'CLUSTER INFO')));
  const agreed = infos.every(
    (info) => info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slotCount}`),
  );
  const attached = await Promise.all(nodes.slice(primaries).map((node) => askRedis(node, 'INFO replication')));
  return agreed && attached.every((info) => info.includes('master_link_status:up'));
}

function clusterOf(nodes: readonly RedisServer[], stop: () => Promise<void>): RedisCluster {
  const ownerAsSeenBy = async (seer: RedisServer, key: string): Promise<RedisServer | undefined> => {
    const reply = await askRedis(seer, `EXISTS ${key}`).catch((error: unknown) => String(error));
    const moved = /MOVED \d+ \S*:(\d+)/.exec(reply)?.[1];
    return moved === undefined ? seer : nodes.find(({ port }) => port === Number(moved));
  };
  const ownerOf = async (key: string): Promise<RedisServer> => {
    const owner = await ownerAsSeenBy(nodes[0]!, key);
    if (owner === undefined) throw new Error(`no node of this cluster serves the slot of ${key}`);
    return owner;
  };
  return {
    url: `redis+cluster://${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`,
    nodes,
    ownerOf,
    async failover(key) {
      const old = await ownerOf(key);
      const replication = await askRedis(old, 'INFO replication');
      const port = Number(/slave0:ip=[^,]+,port=(\d+)/.exec(replication)?.[1]);
      const successor = nodes.find((node) => node.port === port);
      if (successor === undefined)
        throw new Error(`the owner of ${key} has no replica; start the cluster with replicas`);
      await askRedis(successor, 'CLUSTER FAILOVER');
      await until(
        async () => {
          const seen = await Promise.all(nodes.map((node) => ownerAsSeenBy(node, key)));
          return seen.every((owner) => owner === successor);
        },
        { what: 'the failover', timeoutMs: 20_000 },
      );
      return successor;
    },
    async moveSlot(key) {
      const from = await ownerOf(key);
      const to = await otherPrimary(nodes, from);
      const slot = Number(/:(\d+)/.exec(await askRedis(from, `CLUSTER KEYSLOT ${key}`))?.[1]);
      const [fromId, toId] = await Promise.all([from, to].map(idOf));
      await askRedis(to, `CLUSTER SETSLOT ${slot} IMPORTING ${fromId}`);
      await askRedis(from, `CLUSTER SETSLOT ${slot} MIGRATING ${toId}`);
      for (;;) {
        const [next] = [...(await askRedis(from, `CLUSTER GETKEYSINSLOT ${slot} 1`)).matchAll(/\$\d+\r\n(.+)\r\n/g)];
        if (next === undefined) break;
        await askRedis(from, `MIGRATE ${to.host} ${to.port} ${next[1]} 0 5000`, 10_000);
      }
      for (const node of [to, from]) await askRedis(node, `CLUSTER SETSLOT ${slot} NODE ${toId}`);
      await until(
        async () => {
          const seen = await Promise.all(nodes.map((node) => ownerAsSeenBy(node, key)));
          return seen.every((owner) => owner === to);
        },
        { what: 'every node to know the new owner', timeoutMs: 20_000 },
      );
    },
    stop,
  };
}

async function idOf(node: RedisServer): Promise<string> {
  const id = /([0-9a-f]{40})/.exec(await askRedis(node, 'CLUSTER MYID'))?.[1];
  if (id === undefined) throw new Error('expected the id of a cluster node');
  return id;
}

async function otherPrimary(nodes: readonly RedisServer[], owner: RedisServer): Promise<RedisServer> {
  for (const node of nodes) {
    if (node !== owner && (await askRedis(node, 'ROLE')).includes('master')) return node;
  }
  throw new Error('expected a second primary in the cluster');
}
