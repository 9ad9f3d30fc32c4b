import type { Random } from '../../src/clock.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import type { Flaw } from './flaws.ts';
import type { Links } from './links.ts';
import type { Party } from './party.ts';
import { ReaderRegistry } from './reader-registry.ts';
import { createSidecarFeed } from './sidecar-feed.ts';
import { SimServer } from './sim-server.ts';

export interface SimRelayOptions {
  readonly party: Party;
  readonly links: Links;
  readonly random: Random;
  readonly feed: string;
  readonly upstream: () => SimServer | undefined;
  readonly flaw: Flaw | undefined;
}

/** One life of a relay: a sidecar whose source is another sidecar. It cannot write the log. */
export class SimRelay {
  readonly party: Party;
  readonly replica: Replica;
  readonly server: SimServer;

  constructor({ party, links, random, feed, upstream, flaw }: SimRelayOptions) {
    this.party = party;
    const registry = new ReaderRegistry({ id: feed, clock: party, isRelay: true, flaw });
    this.replica = openReplica({
      feed: createSidecarFeed({ party, links, random, flaw, upstream, label: party.name, speaker: registry }),
      clock: party,
      random,
      observer: { resynced: () => registry.forgetMarks() },
    });
    this.server = new SimServer({ party, replica: this.replica, registry, links, flaw });
  }

  kill(): void {
    this.party.kill();
    void this.replica.close();
  }
}
