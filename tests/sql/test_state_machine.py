"""The queue against a model: random lives of items, workers and queues; after each step table and model must agree."""

import itertools
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.items import add_emails, value

PLAIN, LIMITED, RATED = QUEUES = ("plain", "limited", "rated")
MAX_RUNNING = 2  # of the queue `limited`; `rated` begins one item a second
START = 1_900_000_000  # the first second of the model's clock (2030), so that nothing depends on the day
LIVE = ("pending", "processing")
ENDED = ("completed", "failed", "cancelled")

queues = st.sampled_from([PLAIN, PLAIN, LIMITED, RATED])
priorities = st.integers(1, 10)
ends = st.sampled_from(["complete", "complete", "retry", "fail", "release"])


@dataclass
class Item:
    """What the model knows of a row of processing_queue."""

    id: UUID
    email: UUID
    queue: str
    priority: int
    max_attempts: int
    due: int  # second of the clock
    status: str = "pending"
    attempts: int = 0
    crashes: int = 0
    worker: int | None = None

    def end(self, status: str) -> None:
        self.status, self.worker = status, None

    def put_back(self) -> None:
        self.status, self.worker = "pending", None

    @property
    def place(self) -> tuple[int, int, str]:
        return self.priority, self.due, str(self.id)


@dataclass(frozen=True)
class Claim:
    """A job as a worker holds it, rightly or not any more."""

    item: UUID
    worker: int
    attempt: int


@dataclass
class Control:
    paused: bool = False
    probe: int | None = None


class QueueMachine(RuleBasedStateMachine):
    """Each rule does one thing to the database and to the model; the invariants compare them."""

    dsn = ""
    items = Bundle("items")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.model: dict[UUID, Item] = {}
        self.alive: dict[int, psycopg.Connection] = {}  # workers that can speak
        self.leases: dict[int, int] = {}  # of those behind a pooler, crashed ones too: last second of the clock
        self.controls = {queue: Control() for queue in QUEUES}
        self.rated_at: int | None = None  # when the queue `rated` began its last item
        self.now = START
        self.db = self._connect()
        self.db.execute("delete from emails; delete from workers; delete from queue_controls")
        self.db.execute("insert into queue_controls (queue_name, max_running) values ('limited', %s)", (MAX_RUNNING,))
        self.db.execute(
            "insert into queue_controls (queue_name, max_per_s, credit_at) values ('rated', 1, '2000-01-01')"
        )

    # -------------------------------------------------------------------------------------- rules

    @initialize()
    def begin_with_a_worker(self) -> None:
        self.start_worker()

    @initialize(target=items, queue=queues, lanes=st.lists(priorities, min_size=6, max_size=6))
    def begin_with_items(self, queue: str, lanes: list[int]) -> Any:
        return multiple(*[self._enqueue(add_emails(self.db)[0], queue, lane, 2, 0) for lane in lanes])

    @rule(
        target=items,
        count=st.integers(1, 4),
        queue=queues,
        priority=priorities,
        max_attempts=st.integers(1, 3),
        delay=st.sampled_from([0, 0, 0, 5]),
    )
    def ingest(self, count: int, queue: str, priority: int, max_attempts: int, delay: int) -> Any:
        emails = add_emails(self.db, count)
        return multiple(*[self._enqueue(email, queue, priority, max_attempts, delay) for email in emails])

    @rule(target=items, item=items, queue=queues, priority=priorities)
    def enqueue_again(self, item: UUID, queue: str, priority: int) -> Any:
        email = self.model[item].email
        if self._is_live(email, queue):
            assert self._call("select enqueue_jobs(array[%s]::uuid[], array[%s])", email, queue) == set()
            return multiple()
        return self._enqueue(email, queue, priority, 3, 0)

    @precondition(lambda self: len(self.alive) < 3)
    @rule(lease=st.none() | st.integers(1, 15))
    def start_another_worker(self, lease: int | None) -> None:
        self.start_worker(lease)

    def start_worker(self, lease: int | None = None) -> int:
        """One that lives by its session, or by a lease of so many seconds."""
        conn = self._connect()
        if lease is None:
            worker = int(value(conn, "select register_worker('model', 1, %s, '0')", list(QUEUES)))
        else:
            worker = int(value(conn, "select register_leased_worker('model', 1, %s, '0', %s)", list(QUEUES), lease))
            self.leases[worker] = self.now + lease
        self.alive[worker] = conn
        return worker

    @precondition(lambda self: self.leases.keys() & self.alive.keys())
    @rule(n=st.integers(0, 2), lease=st.integers(1, 15))
    def renew_a_lease(self, n: int, lease: int) -> None:
        """It may be over: as long as nobody swept, no item was given to another."""
        leased = [worker for worker in self.alive if worker in self.leases]
        self.renew(leased[n % len(leased)], lease)

    def renew(self, worker: int, lease: int) -> None:
        assert value(self.alive[worker], "select renew_lease(%s, %s)", worker, lease)
        self.leases[worker] = self.now + lease

    @rule(end=ends)
    def outsleep_a_lease(self, end: str) -> None:
        """Who wakes up too late is told so by everything that it tries."""
        self._have_something_to_do(PLAIN)
        sleeper = self.start_worker(lease=5)
        conn = self.alive[sleeper]
        claims = self.claim_for(sleeper, PLAIN, 2)
        self.let_time_pass(4)
        self.renew(sleeper, 2)
        for _ in range(2):
            self.let_time_pass(1)
            self.sweep(False)
        assert sleeper not in self.alive
        assert not value(conn, "select renew_lease(%s, 5)", sleeper)
        with pytest.raises(psycopg.Error, match=f"worker {sleeper} is not registered"):
            conn.execute("select claim_jobs(%s, %s, 1)", (PLAIN, sleeper))
        for claim in claims:
            self._finish(claim, end)

    @precondition(lambda self: self.alive)
    @rule(n=st.integers(0, 2), is_found=st.booleans())
    def crash_one(self, n: int, is_found: bool) -> None:
        self.crash(self._some_worker(n), is_found)

    def crash(self, worker: int, is_found: bool) -> None:
        """All that is left of a crashed worker is that its lock is gone, or that its lease comes to an end."""
        self.alive.pop(worker).execute("select pg_advisory_unlock_all()")
        if is_found:
            self._outlast({worker})
            self.sweep(False)

    @rule(look_at_all=st.booleans())
    def sweep(self, look_at_all: bool) -> None:
        over = {worker for worker, until in self.leases.items() if until <= self.now}
        living = (self.alive.keys() | self.leases.keys()) - over
        held = [i for i in self.model.values() if i.status == "processing" and i.worker not in living]
        if not look_at_all:  # an item set to processing by hand has no worker that could be lost
            held = [item for item in held if item.worker is not None]

        rescued = value(self.db, "select release_lost_jobs(%s)", look_at_all)

        assert rescued == len(held)
        for worker in over:  # it must register again
            del self.leases[worker]
            self.alive.pop(worker, None)
        for item in held:
            if item.crashes > 1 and item.attempts >= item.max_attempts:
                item.end("failed")
            else:
                item.attempts -= item.crashes <= 1 and item.attempts > 0
                item.put_back()
            item.crashes += 1

    @rule(
        target=claims,
        n=st.integers(0, 2),
        queue=queues,
        limit=st.integers(1, 4),
        fair=st.booleans(),
        suspects=st.sampled_from([False, False, True]),
    )
    def claim(self, n: int, queue: str, limit: int, fair: bool, suspects: bool) -> Any:
        return multiple(*self.claim_for(self._some_worker(n), queue, limit, fair=fair, suspects=suspects))

    def claim_for(
        self, worker: int, queue: str, limit: int, *, fair: bool = False, suspects: bool = False
    ) -> list[Claim]:
        expected = self._claimable(queue, limit, fair=fair, suspects=suspects)

        rows = (
            self.alive[worker]
            .execute(
                "select id, attempt from claim_jobs(%s, %s, %s, p_fair => %s, p_suspects => %s)",
                (queue, worker, limit, fair, suspects),
            )
            .fetchall()
        )

        assert {item for item, _ in rows} == {item.id for item in expected}
        for item in expected:
            item.status, item.worker, item.attempts = "processing", worker, item.attempts + 1
            self.rated_at = self.now if queue == RATED else self.rated_at
        assert dict(rows) == {item.id: item.attempts for item in expected}
        return [Claim(item, worker, attempt) for item, attempt in rows]

    @rule(
        target=claims,
        n=st.integers(0, 2),
        queue=queues,
        fair=st.booleans(),
        ends=st.lists(ends, min_size=1, max_size=4),
    )
    def work(self, n: int, queue: str, fair: bool, ends: list[str]) -> Any:
        """Most of what a worker does; its claims stay in the bundle, to be told once more."""
        self._have_something_to_do(queue)
        claims = self.claim_for(self._some_worker(n), queue, len(ends), fair=fair)
        for claim, end in zip(claims, ends, strict=False):
            self._finish(claim, end)
        return multiple(*claims)

    @rule(claim=consumes(claims), end=ends)
    def finish(self, claim: Claim, end: str) -> None:
        self._finish(claim, end)

    @rule(claim=claims, end=ends)
    def finish_and_say_so_again_later(self, claim: Claim, end: str) -> None:
        """The claim stays in its bundle: an answer that was lost is told twice, or by somebody who slept."""
        self._finish(claim, end)

    @rule(queue=queues, lost=st.booleans())
    def speak_after_somebody_else_began(self, queue: str, lost: bool) -> None:
        """An item is held by another worker, or in another attempt, when its first holder says how it ended."""
        self._have_something_to_do(queue)
        first = self._some_worker(0)
        [late, *_] = self.claim_for(first, queue, 1)
        if lost:
            self.crash(first, True)
        else:
            self._finish(late, "retry")
        self._have_something_to_do(queue)
        self.claim_for(first if first in self.alive else self._some_worker(0), queue, 4)
        for end in ("complete", "retry", "fail", "release"):
            self._finish(late, end)

    @rule(end=st.sampled_from(["complete", "fail"]))
    def find_that_what_was_down_is_back(self, end: str) -> None:
        """One job tries; when it has come to an end the others follow at once."""
        self._have_something_to_do(PLAIN)
        self._enqueue(add_emails(self.db)[0], PLAIN, 5, 3, 0)
        self.trip(PLAIN, 1)
        self.let_time_pass(1)
        [probe] = self.claim_for(self._some_worker(0), PLAIN, 4)
        self._finish(probe, end)
        self.claim_for(self._some_worker(0), PLAIN, 4)

    @rule()
    def ask_for_more_than_the_rate(self) -> None:
        self._have_something_to_do(RATED)
        self._enqueue(add_emails(self.db)[0], RATED, 5, 3, 0)
        for _ in range(2):
            self.claim_for(self._some_worker(0), RATED, 4)

    @rule(times=st.integers(2, 4))
    def take_workers_along(self, times: int) -> None:
        """A poisoned item: the third time it runs alone, and that uses up an attempt."""
        self._have_something_to_do(PLAIN)
        for _ in range(times):
            worker = self._some_worker(0)
            self.claim_for(worker, PLAIN, 1, suspects=bool(self._due(PLAIN, suspects=True)))
            self.crash(worker, True)

    @rule(seconds=st.integers(0, 4), priority=priorities, n=st.integers(0, 2))
    def claim_what_is_almost_due(self, seconds: int, priority: int, n: int) -> None:
        self._enqueue(add_emails(self.db)[0], PLAIN, priority, 3, seconds + 1)
        self.let_time_pass(seconds or 1)
        self.claim_for(self._some_worker(n), PLAIN, 10)

    @rule(item=items)
    def cancel(self, item: UUID) -> None:
        changed = self._call("select cancel_jobs(%s)", [item])

        assert changed == ({item} if self.model[item].status in LIVE else set())
        if changed:
            self.model[item].end("cancelled")

    @rule(item=items)
    def requeue(self, item: UUID) -> None:
        known = self.model[item]
        possible = known.status in ("failed", "cancelled") and not self._is_live(known.email, known.queue)

        changed = self._call("select requeue_jobs(%s)", [item])

        assert changed == ({item} if possible else set())
        if possible:
            self._start_again(known)

    @rule()
    def start_again_what_was_tried_most(self) -> None:
        tried = [item for item in self.model.values() if (item.attempts or item.crashes) and item.status != "completed"]
        if tried:
            item = max(tried, key=lambda i: (i.crashes, i.attempts))
            self.cancel(item.id)
            self.requeue(item.id)

    @rule(item=items)
    def start_again_by_hand(self, item: UUID) -> None:
        """A plain UPDATE; the index refuses it where the message has a live item."""
        known = self.model[item]
        if known.status in ENDED and not self._is_live(known.email, known.queue):
            self.db.execute(
                "update processing_queue set status = 'pending', scheduled_at = to_timestamp(%s) where id = %s",
                (self.now, item),
            )
            known.put_back()
            known.due = self.now

    @rule(item=items)
    def hold_by_hand(self, item: UUID) -> None:
        if self.model[item].status == "pending":
            self.db.execute("update processing_queue set status = 'processing' where id = %s", (item,))
            self.model[item].status = "processing"

    @rule(item=items, priority=priorities)
    def change_priority(self, item: UUID, priority: int) -> None:
        self.db.execute("update processing_queue set priority = %s where id = %s", (priority, item))
        self.model[item].priority = priority

    @precondition(lambda self: self.is_quiet)
    @rule(queue=queues)
    def pause(self, queue: str) -> None:
        self._have_something_to_do(queue)
        self.db.execute("select pause_queue(%s)", (queue,))
        self.controls[queue].paused = True
        self.claim_for(self._some_worker(0), queue, 4)

    @precondition(lambda self: not self.is_quiet)
    @rule(queue=queues)
    def resume(self, queue: str) -> None:
        self.db.execute("select resume_queue(%s)", (queue,))
        self.controls[queue] = Control()

    @precondition(lambda self: self.is_quiet)
    @rule(queue=queues, wait=st.integers(1, 4))
    def trip(self, queue: str, wait: int) -> None:
        self.db.execute("select trip_queue(%s, %s, 'it is down')", (queue, wait))
        self.controls[queue].probe = self.now + wait

    @rule(seconds=st.integers(1, 20))
    def let_time_pass(self, seconds: int) -> None:
        self.now += seconds
        for conn in (self.db, *self.alive.values()):
            self._set_clock(conn)

    # -------------------------------------------------------------------------------------- what must hold

    @invariant()
    def table_and_model_agree(self) -> None:
        rows = self.db.execute(
            "select id, status, attempts, crashes, worker_id, priority, extract(epoch from scheduled_at)::integer,"
            " slot is not null and status = 'processing' from processing_queue"
        ).fetchall()

        found = {row[0]: row[1:] for row in rows}
        assert found == {
            i.id: (i.status, i.attempts, i.crashes, i.worker, i.priority, i.due, self._has_slot(i))
            for i in self.model.values()
        }

    @invariant()
    def limits_hold(self) -> None:
        running = [i for i in self.model.values() if i.queue == LIMITED and i.status == "processing" and i.worker]
        assert len(running) <= MAX_RUNNING

    def teardown(self) -> None:
        """Whatever happened: when nothing strikes any more, each item comes to its end."""
        try:
            self._work_off()
        finally:
            self.stack.close()

    # -------------------------------------------------------------------------------------- the model's side

    @property
    def is_quiet(self) -> bool:
        """Neither queue is held up; else most of an example would pass with nothing to claim."""
        return all(control == Control() for control in self.controls.values())

    def _work_off(self) -> None:
        self.let_time_pass(3600)
        for queue in QUEUES:
            self.resume(queue)
        for worker in list(self.alive):
            self.crash(worker, False)
        self.sweep(True)
        worker = self.start_worker()
        for queue, suspects in itertools.product(QUEUES, (False, True)):
            while self._claimable(queue, 2, fair=False, suspects=suspects):
                for claim in self.claim_for(worker, queue, 2, suspects=suspects):
                    self._finish(claim, "complete")
                if queue == RATED:
                    self.let_time_pass(1)
        assert not [item for item in self.model.values() if item.status in LIVE]
        self.table_and_model_agree()

    def _some_worker(self, n: int) -> int:
        if not self.alive:
            self.start_worker()
        return list(self.alive)[n % len(self.alive)]

    def _outlast(self, workers: Iterable[int]) -> None:
        """Until the leases of these are over."""
        for worker in workers:
            if (left := self.leases.get(worker, 0) - self.now) > 0:
                self.let_time_pass(left)

    def _have_something_to_do(self, queue: str) -> None:
        """Else most of an example would pass with nothing to claim."""
        self.resume(queue)
        self.let_time_pass(3)
        if queue == LIMITED:  # whoever holds its places
            self._outlast(self.leases.keys() - self.alive.keys())
            for worker in list(self.alive):
                held = [i for i in self.model.values() if self._has_slot(i) and i.worker == worker]
                for item in held[: len(held) - MAX_RUNNING + 1]:
                    self._finish(Claim(item.id, worker, item.attempts), "complete")
            self.sweep(False)
        if not self._due(queue, suspects=False):
            self._enqueue(add_emails(self.db)[0], queue, 5, 3, 0)

    def _claimable(self, queue: str, limit: int, *, fair: bool, suspects: bool) -> Sequence[Item]:
        control = self.controls[queue]
        if control.paused:
            return []
        if control.probe is not None:
            if control.probe > self.now:
                return []
            control.probe = self.now + 5
            limit = 1
        mine = [i for i in self.model.values() if i.queue == queue]
        if queue == LIMITED:
            limit = min(limit, MAX_RUNNING - sum(self._has_slot(i) for i in mine))
        if queue == RATED:
            limit = min(limit, self.rated_at != self.now)
        due = self._due(queue, suspects=suspects)
        if suspects:
            return sorted(due, key=lambda i: (i.crashes, str(i.id)))[: min(limit, 1)]
        due.sort(key=lambda i: i.place)
        if fair:
            lanes = [list(items) for _, items in itertools.groupby(due, key=lambda i: i.priority)]
            due = [i for items in sorted(lanes, key=lambda items: (items[0].due, items[0].priority)) for i in items]
        return due[:limit]

    def _due(self, queue: str, *, suspects: bool) -> list[Item]:
        return [
            i
            for i in self.model.values()
            if i.queue == queue and i.status == "pending" and i.due <= self.now and (i.crashes > 1) == suspects
        ]

    def _finish(self, claim: Claim, how: str) -> None:
        item = self.model[claim.item]
        holds = (item.status, item.worker, item.attempts) == ("processing", claim.worker, claim.attempt)
        more: list[Any] = {"retry": [[2.0], ["later"]], "fail": [["broken"]], "release": [["stopped"]]}.get(how, [])
        call = psycopg.sql.SQL("select {}({})").format(
            psycopg.sql.Identifier(f"{how}_jobs"),
            psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * (3 + len(more))),
        )

        lost = self._call(call, [claim.item], [claim.worker], [claim.attempt], *more)

        assert lost == (set() if holds else {claim.item})
        if not holds:
            return
        if how == "complete":
            item.end("completed")
        elif how == "fail" or (how == "retry" and item.attempts >= item.max_attempts):
            item.end("failed")
        elif how == "retry":
            item.put_back()
            item.due = self.now + 2
        else:
            item.put_back()
            item.attempts -= 1
        if how in ("complete", "fail"):
            self.controls[item.queue].probe = None

    def _start_again(self, item: Item) -> None:
        item.put_back()
        item.attempts = item.crashes = 0
        item.due = self.now

    def _enqueue(self, email: UUID, queue: str, priority: int, max_attempts: int, delay: int) -> UUID:
        item: UUID = value(
            self.db,
            "insert into processing_queue (id, email_id, queue_name, priority, max_attempts, scheduled_at)"
            " values (%s, %s, %s, %s, %s, to_timestamp(%s)) returning id",
            # ids decide between equals: the same steps must end the same, or Hypothesis can't repeat them
            *(uuid5(NAMESPACE_OID, str(len(self.model))), email, queue, priority, max_attempts, self.now + delay),
        )
        self.model[item] = Item(item, email, queue, priority, max_attempts, self.now + delay)
        return item

    def _is_live(self, email: UUID, queue: str) -> bool:
        return any(i.email == email and i.queue == queue and i.status in LIVE for i in self.model.values())

    def _has_slot(self, item: Item) -> bool:
        return item.queue == LIMITED and item.status == "processing" and item.worker is not None

    # -------------------------------------------------------------------------------------- the database's side

    def _connect(self) -> psycopg.Connection:
        conn = self.stack.enter_context(psycopg.connect(self.dsn, autocommit=True))
        self._set_clock(conn)
        return conn

    def _set_clock(self, conn: psycopg.Connection) -> None:
        conn.execute("select set_config('emailq.now', to_timestamp(%s)::text, false)", (self.now,))

    def _call(self, query: Any, *args: Any) -> set[UUID]:
        return {row[0] for row in self.db.execute(query, args).fetchall()}


def run(dsn: str, examples: int, steps: int) -> None:
    machine = type("Machine", (QueueMachine,), {"dsn": dsn})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(300)
def test_table_and_model_agree_after_each_of_many_random_steps(dsn: str) -> None:
    run(dsn, examples=30, steps=40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_table_and_model_agree_after_each_of_very_many_random_steps(dsn: str) -> None:
    run(dsn, examples=2000, steps=50)
