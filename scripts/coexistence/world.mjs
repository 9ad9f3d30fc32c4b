import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { dieWithParent, freePort, supervise } from '../../test-support/dist/index.js';

const issuer = 'https://issuer.example';

/** The log, its publisher, and what every pair must do over them. */
export class World {
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** A process behind a sidecar, or behind a relay of it: blocks, lifts, restarts and leaves. */
  async follows(release, sidecarReleases, { expected = 1 } = {}) {
    const sidecars = [];
    // A sidecar of the last release writes heartbeats and notices no pause between them, so the answer is never yes.
    const isKnown = sidecarReleases[0].title === 'new';
    for (const sidecarRelease of sidecarReleases) {
      const sidecar = await startSidecar(sidecarRelease, sidecars.at(-1)?.url ?? this.redis.url);
      this.parts.push(() => sidecar.process.stop());
      sidecars.push(sidecar);
    }
    await this.publisher.revoke({ issuer, session: 'before', reason: 'admin', block: true });
    const follower = startProcess(release, sidecars.at(-1).url);
    this.parts.push(() => follower.kill());

    await this.awaits(follower, 'other', 'active', 5000);
    await this.awaits(follower, 'before', 'revoked', 0);
    const published = await this.publisher.revoke({ issuer, session: 'a', reason: 'admin', block: true });
    await this.awaits(follower, 'a', 'revoked', 1000);
    await this.isEverywhere(published, { expected, isKnown });
    const lifted = await this.publisher.lift({ issuer, session: 'a' });
    await this.isEverywhere(lifted, { expected, isKnown });
    await this.awaits(follower, 'a', 'active', 0);

    for (const sidecar of sidecars) {
      this.say(`  restarting the ${sidecar.process.name}`);
      await sidecar.process.kill('SIGKILL');
      await this.awaits(follower, 'before', 'revoked', 0);
      await sidecar.process.whenReady(20_000);
    }
    const again = await this.publisher.revoke({ issuer, session: 'b', reason: 'admin', block: true });
    this.say('  waiting until what was counted before the restart cannot be fresh');
    // What was counted before the restart is waited for until it cannot be fresh: 7.5 s for a process, and as much for a relay.
    await this.isEverywhere(again, { expected, isKnown, timeoutMs: 20_000 });
    await this.awaits(follower, 'b', 'revoked', 0);
    await this.awaits(follower, 'other', 'active', 5000);

    const code = await follower.end();
    if (code !== 0) throw new Error(`expected the process to end with 0, found ${code}`);
  }

  /** A process without a wire to its sidecar does not know: it never answers "active". */
  async isRefused(release, sidecarRelease) {
    const sidecar = await startSidecar(sidecarRelease, this.redis.url, ['--last-release-wire=off']);
    this.parts.push(() => sidecar.process.stop());
    const follower = startProcess(release, sidecar.url);
    this.parts.push(() => follower.kill());
    for (let looks = 0; looks < 20; looks++) {
      const verdict = await follower.verdict('other');
      if (verdict !== 'unknown') throw new Error(`expected unknown, found ${verdict}`);
      await pause(100);
    }
  }

  async awaits(follower, session, expected, timeoutMs) {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const verdict = await follower.verdict(session);
      if (verdict === expected) return;
      if (performance.now() >= until) throw new Error(`${session}: expected ${expected}, found ${verdict}`);
      await pause(10);
    }
  }

  async isEverywhere(published, { expected, isKnown, timeoutMs = 5000 }) {
    const enforced = await published.enforcedEverywhere({ timeoutMs });
    const isComplete = enforced.enforced === expected && enforced.missing.length === 0;
    if (isComplete && enforced.everywhere === isKnown && enforced.expected === expected) return;
    throw new Error(`expected ${expected} replicas to have the entry, found ${JSON.stringify(enforced)}`);
  }
}

/** Starts the sidecar of a release on free ports. @param source the log, or the sidecar that it follows as a relay */
async function startSidecar(release, source, options = []) {
  const [data, admin] = [await freePort(), await freePort()];
  const listeners = [`--data-listen=127.0.0.1:${data}`, `--admin-listen=127.0.0.1:${admin}`];
  const process = await supervise({
    name: `${release.title} sidecar`,
    script: release.sidecar,
    args: [`--source=${source}`, ...listeners, '--drain-ms=0', ...options],
    ready: { url: `http://127.0.0.1:${admin}/readyz` },
    readyTimeoutMs: 20_000,
    restart: true,
  });
  return { url: `http://127.0.0.1:${data}`, process };
}

/** Starts the process of a release, which follows a sidecar. */
function startProcess(release, url) {
  const child = spawn(process.execPath, [release.follow, url, issuer], { stdio: ['pipe', 'pipe', 'inherit'] });
  dieWithParent(child);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const started = lines.next();
  return {
    async verdict(session) {
      await started;
      child.stdin.write(`${session}\n`);
      const { value = `no verdict: the ${release.title} process has ended` } = await lines.next();
      return value;
    },
    /** Ends it in order. */
    end() {
      child.stdin.end();
      return closed;
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
