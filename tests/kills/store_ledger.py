"""What a kill run has been told, and whether the log agrees with it.

The ledger hears from producers what they acknowledged, from readers what they got, and is shown the log after
each kill. Whatever contradicts something else is a fault, by its kind and in words.
"""

from collections import Counter, defaultdict

import attrs

from tests.kills.store_upstream import BATCH, digest, life_of, payload

KINDS = ("lost", "duplicate", "reordered", "wrong", "rewritten")
"""An entry is missing, came twice, came too early, is not what upstream said, or is not what it was."""


@attrs.define
class Stream:
    """One stream.

    Attributes:
        acknowledged: how many entries were.
        lives: which life acknowledged an entry.
        seen: the digest of each entry of the log, from the first.
        ended: whether its end was acknowledged.
        got: the digests that each reader got.
        done: the readers that came to its end.
        torn: whether a later life wrote something else for what the store had forgotten.
    """

    acknowledged: int = 0
    lives: dict[int, int] = attrs.field(factory=dict)
    seen: list[str] = attrs.field(factory=list)
    ended: bool = False
    got: dict[int, list[str]] = attrs.field(factory=lambda: defaultdict(list))
    done: set[int] = attrs.field(factory=set)
    torn: bool = False


class Ledger:
    """What is known of all streams.

    Args:
        seed: of the run.
        forgetful: whether the store may forget what it acknowledged last. That is counted then, and no fault;
            a hole, and an entry that nobody said, are faults in any store.
    """

    def __init__(self, seed, *, forgetful=False):
        self.seed = seed
        self.forgetful = forgetful
        self.streams = defaultdict(Stream)
        self.counts = Counter()
        self.faults = []

    def fault(self, kind, why):
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {why}")

    # What a producer says

    def took(self, stream, last):
        """A producer has the lease of a stream with so many entries."""
        known = self.streams[stream]
        if last > known.acknowledged + BATCH:
            self.fault("wrong", f"{stream} was taken over at {last}, acknowledged were {known.acknowledged}")
        elif last > known.acknowledged:
            self.counts["ahead"] += 1
            self.counts["adopted"] += last - known.acknowledged
        self.counts["taken"] += 1
        self._stands(stream, known, last)

    def hole(self, stream, last):
        """The log told a producer that it has so many entries, and not what came after them."""
        self.counts["holes"] += 1
        self._stands(stream, self.streams[stream], last)

    def _stands(self, stream, known, last):
        missing = known.acknowledged - last
        if missing > 0 and self.forgetful:
            self.counts["forgotten"] += missing
        elif missing > 0:
            self.fault("lost", f"{stream} stands at {last}, acknowledged were {known.acknowledged}")
        known.acknowledged = last

    def acknowledge(self, stream, first, count, life):
        known = self.streams[stream]
        if first != known.acknowledged + 1:
            self.fault("reordered", f"{stream} was acknowledged from {first} after {known.acknowledged}")
        for seq in range(first, first + count):
            if known.lives.get(seq, life) != life:
                self._tear(known, "rewritten", f"entry {seq} of {stream} was acknowledged again")
            known.lives[seq] = life
        known.acknowledged = first + count - 1
        self.counts["appends"] += 1
        self.counts["acknowledged"] += count

    def end(self, stream):
        self.streams[stream].ended = True

    # What a reader says

    def receive(self, reader, stream, entries):
        """A reader got entries, as pairs of a number and a digest."""
        got = self.streams[stream].got[reader]
        for seq, said in entries:
            self.counts["received"] += 1
            if seq > len(got) + 1:
                self.fault("reordered", f"reader {reader} of {stream} got {seq} after {len(got)}")
            elif seq <= len(got):
                self.fault("duplicate", f"reader {reader} of {stream} got {seq} after {len(got)}")
            elif said != self._upstream(stream, seq, said):
                self.fault("wrong", f"reader {reader} got entry {seq} of {stream} that nobody said")
            if seq == len(got) + 1:
                got.append(said)

    def told(self, reader, stream, after, why):
        """The log told a reader that what comes next is missing."""
        self.counts["told"] += 1
        if not self.forgetful:
            self.fault("lost", f"reader {reader} of {stream} was refused after {after}: {why}")

    def done(self, reader, stream):
        """A reader came to the end of a stream."""
        self.streams[stream].done.add(reader)

    # What the log shows

    def show(self, stream, entries, acknowledged):
        """The log has these entries; so many had been acknowledged when it was asked."""
        known = self.streams[stream]
        least = max(acknowledged, len(known.seen))
        if len(entries) < least and not self.forgetful:
            self.fault("lost", f"{stream} has {len(entries)} entries, known were {least}")
        self.counts["compared"] += len(entries)
        for number, entry in enumerate(entries, 1):
            said = digest(entry.payload)
            if entry.seq != number:
                self.fault("reordered", f"{stream} has entry {entry.seq} in place {number}")
            elif said != self._upstream(stream, number, said):
                self.fault("wrong", f"entry {number} of {stream} is what nobody said")
            elif known.lives.get(number, life_of(said)) != life_of(said):
                why = f"entry {number} of {stream} is {said}, acknowledged by life {known.lives[number]}"
                self._tear(known, "wrong", why)
            elif number <= len(known.seen) and known.seen[number - 1] != said:
                self._tear(known, "rewritten", f"entry {number} of {stream} was {known.seen[number - 1]}")
            known.seen[number - 1 : number] = [said]

    def compare(self, stream, readers):
        """At the end of a stream: each of its readers got what the log has."""
        known = self.streams[stream]
        for reader in readers:
            got = known.got[reader]
            self.counts["unions"] += 1
            if len(got) != len(known.seen):
                self.fault("lost", f"reader {reader} got {len(got)} of {len(known.seen)} of {stream}")
            elif got != known.seen:
                both = enumerate(zip(got, known.seen, strict=True), 1)
                seq, (mine, kept) = next(one for one in both if len(set(one[1])) > 1)
                why = f"reader {reader} of {stream} got {mine} as {seq}, the log has {kept}"
                self._tear(known, "wrong", why)

    def _upstream(self, stream, seq, said):
        """Return the digest of what upstream said in the life that a digest names."""
        return digest(payload(self.seed, stream, seq, life_of(said)))

    def _tear(self, known, kind, why):
        if not self.forgetful:
            self.fault(kind, why)
        self.counts["torn"] += not known.torn
        known.torn = True
