"""A reader of a sidecar, written from docs/protocol.md. It needs Python 3.9 or later, and no other package.

    python3 reader.py http://127.0.0.1:7471 [bearer token]

It prints one line of JSON for each event: joined, snapshot, change, fresh, gap, disconnected. Each line of its standard
input is a question in JSON, [dimension, issuer, value, iat]; the answer is "revoked", "not revoked" or "unknown".
At the end of its input it leaves in order.
"""
import base64, concurrent.futures, hashlib, http.client, json, os, random, socket, struct, sys, threading, time
import urllib.parse, urllib.request, zlib

MAX_STALENESS_MS, REPORT_MS, REPORT_PAUSE_MS = 5000, 1000, 20
SILENCE_MS, WELCOME_MS, SNAPSHOT_MS, MAX_FRAME_BYTES = 3000, 5000, 30_000, 1 << 20
WELCOME, CHANGES, HEARTBEAT, GOODBYE, JOIN, FOLLOW, REPORT, ASK = 1, 2, 3, 5, 65, 66, 67, 69
HAS_POSITION, LEFT = 2, 4
NOT_STATED = 255  # the issuers whose tokens this process accepts are unknown
NO_RULE = (0, 0, 0, 0)  # deniedUntil, issuedUpTo, denialStamp, liftedUpTo


class Gap(Exception):
    """A change may be missing: the reader is not fresh, and takes a new snapshot."""


def monotonic_ms():
    return time.monotonic() * 1000  # on Linux CLOCK_MONOTONIC, as `provenAtMs`


SAYING = threading.Lock()


def say(**event):
    with SAYING:  # two threads print, and a line must stay whole
        print(json.dumps(event), flush=True)


def own_boot_id():
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return bytes.fromhex(file.read().strip().replace("-", ""))
    except OSError:
        return None  # not Linux: the age of each proof is asked for


def digest_of(dimension, issuer, value):
    text = json.dumps([1, dimension, issuer, value], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()[:16]


def checksum_holds(data):
    return zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "big")


def frame(kind, layout, *fields):
    data = struct.pack(">BB" + layout, 1, kind, *fields)
    return data + struct.pack(">I", zlib.crc32(data))


def unpack(layout, body, at=0):
    try:
        return struct.unpack_from(">" + layout, body, at)
    except struct.error as error:
        raise Gap(f"a frame cannot be read: {error}")


class WebSocket:
    """The part of RFC 6455 that a reader needs."""

    def __init__(self, url, token):
        address, key = urllib.parse.urlsplit(url), base64.b64encode(os.urandom(16)).decode()
        self.buffer, self.message, self.heard_ms = b"", b"", monotonic_ms()
        self.socket = socket.create_connection((address.hostname, address.port or 80), timeout=SILENCE_MS / 1000)
        lines = ["GET /v1/stream HTTP/1.1", f"Host: {address.netloc}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Protocol: revocast.v1"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.read()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        accepted = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
        if head.split()[1] != b"101" or accepted not in head:
            raise ConnectionError(f"expected 101, found {head.splitlines()[0].decode()}")

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the sidecar ended the connection")
        self.buffer, self.heard_ms = self.buffer + data, monotonic_ms()

    def send(self, payload, opcode=2):
        mask, size = os.urandom(4), len(payload)  # at most 125 bytes here: no longer form of the length
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | size]) + mask + masked)

    def receive(self, wait_ms):
        """Returns (kind, fields) of the next frame, or (None, b"") when none came in time."""
        until = monotonic_ms() + wait_ms
        while True:
            for final, opcode, payload in iter(self.take, None):
                if opcode == 8:
                    raise ConnectionError(f"the sidecar closed with {int.from_bytes(payload[:2], 'big')}")
                if opcode == 9:
                    self.send(payload, opcode=10)
                if opcode in (0, 2):
                    self.message += payload
                    if final:
                        data, self.message = self.message, b""
                        if len(data) < 6 or not checksum_holds(data) or data[0] != 1:
                            raise Gap("expected a frame of version 1 with its checksum")
                        return data[1], data[2:-4]
            now = monotonic_ms()
            if now - self.heard_ms > SILENCE_MS:
                raise ConnectionError("the sidecar is silent")
            if now >= until:
                return None, b""
            self.socket.settimeout(max(until - now, 1) / 1000)
            try:
                self.read()
            except socket.timeout:
                pass

    def take(self):
        """Removes one frame of the WebSocket from the buffer. Returns None when it is not complete."""
        if len(self.buffer) < 2:
            return None
        size = self.buffer[1] & 127
        at = {126: 4, 127: 10}.get(size, 2)
        size = int.from_bytes(self.buffer[2:at], "big") if at > 2 else size
        if at <= len(self.buffer) and size > MAX_FRAME_BYTES:
            raise Gap(f"expected at most {MAX_FRAME_BYTES} bytes in a frame, found {size}")
        if len(self.buffer) < at + size:
            return None
        first, payload, self.buffer = self.buffer[0], self.buffer[at:at + size], self.buffer[at + size:]
        return first & 0x80, first & 15, payload


class Reader:
    def __init__(self, url, token):
        self.url, self.token, self.rules = url.rstrip("/"), token, {}
        self.feed, self.n, self.secret, self.proven_ms, self.leaving = None, 0, bytes(16), None, False
        self.clock_distance_ms, self.woken_ms = time.time() * 1000 - monotonic_ms(), 0

    # --- what it holds

    def is_fresh(self):
        distance_ms = time.time() * 1000 - monotonic_ms()
        if distance_ms - self.clock_distance_ms > MAX_STALENESS_MS:
            self.woken_ms = monotonic_ms()  # the machine was suspended, and the monotonic clock stood still
        self.clock_distance_ms, proven_ms = distance_ms, self.proven_ms
        return proven_ms is not None and proven_ms >= max(monotonic_ms() - MAX_STALENESS_MS, self.woken_ms)

    def answer(self, digest, iat):
        fresh = self.is_fresh()  # first: a change and the proof after it may arrive before the look-up
        denied_until, issued_up_to, stamp, lifted = self.rules.get(digest, NO_RULE)
        if iat <= issued_up_to or (stamp > lifted and time.time() < denied_until):
            return "revoked"
        return "not revoked" if fresh else "unknown"

    def apply(self, digest, row):
        held, lifted = self.rules.get(digest, NO_RULE), row[3]
        if held[3] >= held[2] > lifted:
            held = (0, held[1], 0, 0)  # it was lifted here, and the feed has neither the denial nor the lift
        counting = [rule for rule in (held, row) if rule[2] > lifted] or [held, row]
        denied_until = max(rule[0] for rule in counting)
        self.rules[digest] = (denied_until, max(held[1], row[1]), max(held[2], row[2]), lifted)

    # --- what it receives

    def fetch_snapshot(self):
        request = urllib.request.Request(f"{self.url}/v1/snapshot")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=SNAPSHOT_MS / 1000) as response:
            return response.read()

    def apply_snapshot(self, data):
        if len(data) < 52 or data[:6] != b"RVCS\1\1" or not checksum_holds(data):
            raise Gap("expected a snapshot of version 1 with its checksum")
        feed, n, rows = struct.unpack_from(">8sQ16xI", data, 8)
        if len(data) != 52 + 32 * rows:
            raise Gap(f"expected {rows} rows in the snapshot, found {len(data)} bytes")
        for digest, *row in struct.iter_unpack(">16s4I", data[48:-4]):
            self.apply(digest, tuple(row))
        self.feed, self.n = feed, n
        say(event="snapshot", rows=rows, n=n)

    def take_changes(self, body):
        (n,), at, changes = unpack("Q", body), 8, []
        while at < len(body):
            digest, *row, _logged, _received, size = unpack("16s4IddH", body, at)
            at += 50 + size
            changes.append((digest, tuple(row)))
        if n > self.n + 1 or at != len(body):
            raise Gap(f"expected change {self.n + 1}, found {n}, or a change that is cut off")
        for n, (digest, row) in enumerate(changes, n):
            if n > self.n:
                self.apply(digest, row)
                self.n = n
                say(event="change", n=n, digest=digest.hex())

    def take_heartbeat(self, body):
        n, proven_ms, age_ms, _log, _logged, echo = unpack("QddddI", body)
        if n != self.n:
            raise Gap(f"a heartbeat is for change {n}, but {self.n} is held")
        if not self.same_boot:
            if self.asked is None:
                self.asked = (random.randrange(1, 1 << 32), monotonic_ms())
                self.socket.send(frame(ASK, "I", self.asked[0]))
            if echo != self.asked[0]:
                return
            proven_ms, self.asked = self.asked[1] - age_ms, None
        if proven_ms > monotonic_ms():
            return  # the clock of another host
        was_fresh, self.proven_ms = self.is_fresh(), max(self.proven_ms or 0, proven_ms)
        if not was_fresh and self.is_fresh():
            say(event="fresh", n=self.n)

    # --- one connection

    def connect(self):
        self.socket, self.asked, self.following = WebSocket(self.url, self.token), None, False
        self.reported_n, self.reported_ms = None, monotonic_ms()
        label = f"{socket.gethostname()[:32]} {os.getpid()} python".encode()[:64]
        self.socket.send(frame(JOIN, f"BI16sB{len(label)}sB", 0, MAX_STALENESS_MS, self.secret, len(label), label, NOT_STATED))
        kind, body = self.socket.receive(WELCOME_MS)
        if kind != WELCOME:
            raise ConnectionError("expected a welcome")
        feed, _n, identity, self.secret, boot_id = unpack("8sQ8s16s16s", body)
        self.same_boot = boot_id == own_boot_id()
        say(event="joined", identity=identity.hex(), sameBoot=self.same_boot)
        if feed != self.feed:
            snapshot = concurrent.futures.ThreadPoolExecutor(1).submit(self.fetch_snapshot)
            while not snapshot.done():
                self.step()  # answers pings, and reports
            self.apply_snapshot(snapshot.result())
        self.socket.send(frame(FOLLOW, "8sQ", self.feed, self.n))
        self.following = True

    def step(self):
        since_ms, moved = monotonic_ms() - self.reported_ms, self.following and self.reported_n != self.n
        if since_ms >= (REPORT_PAUSE_MS if moved else REPORT_MS):
            self.report()
        kind, body = self.socket.receive(REPORT_PAUSE_MS)
        if kind == CHANGES:
            self.take_changes(body)
        elif kind == HEARTBEAT:
            self.take_heartbeat(body)
        elif kind == GOODBYE:
            raise ConnectionError("the sidecar stops")

    def report(self, flags=0):
        flags, n = (flags | HAS_POSITION, self.n) if self.following else (flags, 0)
        self.socket.send(frame(REPORT, "I8sBQIBB", 0, bytes(8), flags, n, MAX_STALENESS_MS, 0, NOT_STATED))
        self.reported_n, self.reported_ms = self.n, monotonic_ms()

    def run(self):
        pause_ms = 100
        while not self.leaving:
            try:
                self.connect()
                pause_ms = 100
                while not self.leaving:
                    self.step()
                return self.report(LEFT)
            except Gap as gap:
                self.feed, self.proven_ms = None, None
                say(event="gap", cause=str(gap))
            except (OSError, http.client.HTTPException) as error:
                if "4410" in str(error):
                    self.feed = None
                if isinstance(error, ConnectionRefusedError):
                    pause_ms = 100  # a sidecar on this host that starts
                say(event="disconnected", cause=str(error))
            time.sleep(random.random() * pause_ms / 1000)
            pause_ms = min(2 * pause_ms, 2000)


def answer_questions(reader):
    for line in sys.stdin.buffer:
        dimension, issuer, value, iat = json.loads(line)
        say(question=value, answer=reader.answer(digest_of(dimension, issuer, value), iat))
    reader.leaving = True


def main():
    if len(sys.argv) < 2:
        sys.exit("expected the URL of a sidecar: python3 reader.py http://127.0.0.1:7471 [bearer token]")
    reader = Reader(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    threading.Thread(target=answer_questions, args=(reader,), daemon=True).start()
    reader.run()


if __name__ == "__main__":
    main()
