import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher } from '@revocast/denylist';
import { openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';
import type { Fault } from '../../fault.ts';
import { carriedBy, digestsOf, issuer } from '../../tokens.ts';
import { pidNamespaceCommand } from '../../world/host/pid-namespace.ts';
import type { World } from '../../world/world.ts';

const failure = 'PID namespaces on one volume';

/** Two sidecars with one host name and one `file:` log, each in a PID namespace of its own, and a publisher for each. */
class Volume {
  readonly #world: World;
  readonly #tokenFile: string;
  readonly #acknowledged: number[] = [];
  #tokens = 0;

  private constructor(world: World, tokenFile: string) {
    this.#world = world;
    this.#tokenFile = tokenFile;
  }

  static async open(world: World): Promise<Volume> {
    const folder = await mkdtemp(join(tmpdir(), 'revocast-volume-'));
    world.atEnd(() => rm(folder, { recursive: true, force: true }));
    const writeTokenFile = join(folder, 'token');
    await writeFile(writeTokenFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
    const startedBy = await pidNamespaceCommand();
    const source = `file:${join(folder, 'log')}`;
    for (const who of ['v1', 'v2']) await world.addSidecar(who, { source, writeTokenFile, startedBy });
    return new Volume(world, writeTokenFile);
  }

  /** @returns why it did not start; undefined when it did. */
  async start(who: string): Promise<string | undefined> {
    return await this.#world
      .sidecar(who)
      .start()
      .then(
        () => undefined,
        (error: unknown) => String(error),
      );
  }

  /** Revokes `count` sessions through a sidecar. @returns how many it acknowledged. */
  async revoke(who: string, count: number): Promise<number> {
    const url = `http://127.0.0.1:${this.#world.dataPort(who)}`;
    const publisher = await createPublisher(url, { tokenFile: this.#tokenFile });
    const before = this.#acknowledged.length;
    for (let left = count; left > 0; left--) {
      this.#tokens += 1;
      const token = this.#tokens;
      const said = publisher.revoke({ session: carriedBy(token, 'session'), issuer, reason: 'other' });
      await said.then(
        () => this.#acknowledged.push(token),
        () => undefined,
      );
    }
    await publisher.close();
    return this.#acknowledged.length - before;
  }

  /** Records whether a sidecar holds everything that any sidecar has acknowledged so far. */
  async expectAll(who: string): Promise<void> {
    const ports = { clock: systemClock, random: systemRandom };
    const feed = await openFeed(`http://127.0.0.1:${this.#world.dataPort(who)}`, ports);
    const replica = openReplica({ feed, ...ports });
    await replica.ready({ timeoutMs: 10_000 });
    const lost = this.#acknowledged.filter((token) => replica.check(digestsOf(token), 0).verdict !== 'revoked');
    await replica.close();
    const count = this.#acknowledged.length;
    this.#world.expect(
      `${who} holds all revocations that were acknowledged`,
      lost.length === 0,
      `${lost.length} of ${count} lost`,
    );
  }
}

export const pidNamespaces: readonly Fault[] = [
  {
    name: 'pid-namespaces/second-is-refused',
    failure,
    needs: ['pid namespace'],
    async run(world) {
      const volume = await Volume.open(world);
      await volume.start('v1');
      await volume.revoke('v1', 20);
      await world.fault('a second container starts on the volume of the first, which is then killed', async () => {
        const refusal = await volume.start('v2');
        world.expect(
          'the second is refused while the first runs',
          /is locked by/.test(refusal ?? ''),
          refusal ?? 'it started',
        );
        const acknowledged = await volume.revoke('v1', 20);
        world.expect('the first goes on', acknowledged === 20, `${acknowledged} of 20`);
        await world.sidecar('v1').kill();
        const failed = await volume.start('v2');
        world.expect('the second takes over from a killed one', failed === undefined, failed);
      });
      await volume.expectAll('v2');
    },
  },
  {
    name: 'pid-namespaces/first-stands-still-and-continues',
    failure,
    needs: ['pid namespace'],
    async run(world) {
      const volume = await Volume.open(world);
      await volume.start('v1');
      await volume.revoke('v1', 20);
      await world.fault('the first container stands still, is replaced, and continues', async () => {
        world.sidecar('v1').pause();
        const failed = await volume.start('v2');
        world.expect('the second takes over from one that stands still', failed === undefined, failed);
        await volume.revoke('v2', 20);
        world.sidecar('v1').resume();
        const acknowledged = await volume.revoke('v1', 5);
        world.expect('the first acknowledges nothing any more', acknowledged === 0, `${acknowledged} of 5`);
        await volume.revoke('v2', 20);
      });
      await volume.expectAll('v2');
    },
  },
];
