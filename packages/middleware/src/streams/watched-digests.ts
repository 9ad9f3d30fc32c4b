import { type Change, type DigestSet, type Dimension, dimensions, placeOf } from '@revocast/denylist/replica';

/** The words of a node: four of a digest, the neighbours in its bucket, the next node of the same owner, and the owner with the dimension. */
const nodeWords = 8;
const nextAt = 4;
const previousAt = 5;
const siblingAt = 6;
const ownerAt = 7;
/** Of the word that names the owner. */
const dimensionBits = 4;

const fewestNodes = 64;

/**
 * The digests of the tokens of streams: finds the owners of a digest without visiting the others. Packed into typed arrays, 32
 * bytes for each digest of each owner: the same in maps of strings takes five times as much. Adding and removing cost the same for
 * a digest that every owner has, such as that of the issuer.
 */
export class WatchedDigests<Owner extends object> {
  /** Node 0 stands for "none". */
  #nodes = new Uint32Array(fewestNodes * nodeWords);
  /** The first node of each bucket; a power of two. */
  #buckets = new Uint32Array(fewestNodes);
  #usedNodes = 0;
  /** Nodes that were given out since the last time that all were free. */
  #issuedNodes = 1;
  #freeNode = 0;
  readonly #owners: (Owner | undefined)[] = [];
  #firstNodes: number[] = [];
  readonly #freeSlots: number[] = [];
  #size = 0;
  readonly #scratch = { dimensions: [] as Dimension[], words: new Uint32Array(0) };

  /** Number of owners. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return this.#nodes.byteLength + this.#buckets.byteLength;
  }

  /** @returns the slot of the owner, for {@link remove}. */
  add(owner: Owner, digests: DigestSet): number {
    this.#makeRoom(digests.dimensions.length);
    const slot = this.#freeSlots.pop() ?? this.#owners.length;
    let sibling = 0;
    for (let index = digests.dimensions.length - 1; index >= 0; index -= 1) {
      const dimension = dimensions.indexOf(digests.dimensions[index]!);
      sibling = this.#addNode(digests.words, index * 4, { sibling, owner: (slot << dimensionBits) | dimension });
    }
    this.#owners[slot] = owner;
    this.#firstNodes[slot] = sibling;
    this.#size += 1;
    return slot;
  }

  remove(slot: number): void {
    for (let node = this.#firstNodes[slot] ?? 0; node !== 0; ) {
      const sibling = this.#nodes[node * nodeWords + siblingAt]!;
      this.#unlink(node);
      this.#nodes[node * nodeWords + nextAt] = this.#freeNode;
      this.#freeNode = node;
      this.#usedNodes -= 1;
      node = sibling;
    }
    this.#owners[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#size -= 1;
    if (this.#size === 0) this.#clear();
  }

  /** The owners of a digest. A list of its own: callers remove owners while they read it. */
  under(digest: Change['digest']): readonly Owner[] {
    const found: Owner[] = [];
    if (this.#size === 0) return found;
    const nodes = this.#nodes;
    let node = this.#buckets[placeOf(digest, 0) & (this.#buckets.length - 1)]!;
    while (node !== 0) {
      const at = node * nodeWords;
      if (
        nodes[at] === digest[0] &&
        nodes[at + 1] === digest[1] &&
        nodes[at + 2] === digest[2] &&
        nodes[at + 3] === digest[3]
      ) {
        const owner = this.#owners[nodes[at + ownerAt]! >>> dimensionBits];
        if (owner !== undefined) found.push(owner);
      }
      node = nodes[at + nextAt]!;
    }
    return found;
  }

  all(): readonly Owner[] {
    return this.#owners.filter((owner) => owner !== undefined);
  }

  /** The digests of an owner, in the order in which they were added. Valid until the next call. */
  digestsOf(slot: number): DigestSet {
    const { dimensions: named } = this.#scratch;
    const nodes = this.#nodes;
    named.length = 0;
    for (let node = this.#firstNodes[slot] ?? 0; node !== 0; node = nodes[node * nodeWords + siblingAt]!) {
      named.push(dimensions[nodes[node * nodeWords + ownerAt]! & ((1 << dimensionBits) - 1)]!);
    }
    if (this.#scratch.words.length < named.length * 5) this.#scratch.words = new Uint32Array(named.length * 5);
    const { words } = this.#scratch;
    let index = 0;
    for (let node = this.#firstNodes[slot] ?? 0; node !== 0; node = nodes[node * nodeWords + siblingAt]!) {
      const at = node * nodeWords;
      for (let word = 0; word < 4; word += 1) words[index * 4 + word] = nodes[at + word]!;
      words[named.length * 4 + index] = placeOf(nodes, at);
      index += 1;
    }
    return { dimensions: named, words };
  }

  #addNode(words: Uint32Array, from: number, { sibling, owner }: { readonly sibling: number; readonly owner: number }) {
    const node = this.#takeNode();
    const at = node * nodeWords;
    for (let word = 0; word < 4; word += 1) this.#nodes[at + word] = words[from + word]!;
    this.#nodes[at + siblingAt] = sibling;
    this.#nodes[at + ownerAt] = owner;
    this.#link(node);
    return node;
  }

  #takeNode(): number {
    this.#usedNodes += 1;
    const free = this.#freeNode;
    if (free !== 0) {
      this.#freeNode = this.#nodes[free * nodeWords + nextAt]!;
      return free;
    }
    this.#issuedNodes += 1;
    return this.#issuedNodes - 1;
  }

  #link(node: number): void {
    const at = node * nodeWords;
    const bucket = placeOf(this.#nodes, at) & (this.#buckets.length - 1);
    const next = this.#buckets[bucket]!;
    this.#nodes[at + nextAt] = next;
    this.#nodes[at + previousAt] = 0;
    if (next !== 0) this.#nodes[next * nodeWords + previousAt] = node;
    this.#buckets[bucket] = node;
  }

  #unlink(node: number): void {
    const at = node * nodeWords;
    const next = this.#nodes[at + nextAt]!;
    const previous = this.#nodes[at + previousAt]!;
    if (next !== 0) this.#nodes[next * nodeWords + previousAt] = previous;
    if (previous !== 0) this.#nodes[previous * nodeWords + nextAt] = next;
    else this.#buckets[placeOf(this.#nodes, at) & (this.#buckets.length - 1)] = next;
  }

  /** Before an owner is added: all nodes that are in use belong to owners then. */
  #makeRoom(count: number): void {
    const neededWords = (this.#issuedNodes + count) * nodeWords;
    if (neededWords > this.#nodes.length) {
      // By a quarter: twice as much would leave up to half of it empty.
      const quarterMore = Math.ceil((this.#nodes.length / nodeWords) * 1.25) * nodeWords;
      const grown = new Uint32Array(Math.max(quarterMore, neededWords));
      grown.set(this.#nodes);
      this.#nodes = grown;
    }
    if (this.#usedNodes + count > this.#buckets.length * 2) this.#addBuckets();
  }

  #addBuckets(): void {
    this.#buckets = new Uint32Array(this.#buckets.length * 2);
    for (const [slot, owner] of this.#owners.entries()) {
      if (owner === undefined) continue;
      for (let node = this.#firstNodes[slot]!; node !== 0; node = this.#nodes[node * nodeWords + siblingAt]!) {
        this.#link(node);
      }
    }
  }

  /** Frees the memory of a crowd that has left. */
  #clear(): void {
    if (this.#nodes.length <= fewestNodes * nodeWords) return;
    this.#nodes = new Uint32Array(fewestNodes * nodeWords);
    this.#buckets = new Uint32Array(fewestNodes);
    this.#issuedNodes = 1;
    this.#freeNode = 0;
    this.#owners.length = 0;
    this.#firstNodes = [];
    this.#freeSlots.length = 0;
  }
}
