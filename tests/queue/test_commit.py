"""The committer: many outcomes in one transaction, each of them once."""

import asyncio
from collections.abc import Callable, Sequence

import psycopg
import pytest

from emailq.app import App
from emailq.db import Connection, connect
from emailq.errors import Unavailable
from emailq.models import Job
from emailq.outcomes import Done, Effect, Outcome, Reject, Release, Retry
from emailq.queue.commit import Committer
from tests.items import add_items, claim, item, register, statuses
from tests.waiting import wait_until_async

NOTED = Done([Effect("public.note", ("noted",))])


def claimed(db: psycopg.Connection, count: int = 1) -> list[Job]:
    """Jobs as a worker holds them."""
    add_items(db, count)
    worker = register(db)
    return [Job(*row[:-1], "work", worker) for row in claim(db, worker, count)]


async def commit(app: App, outcomes: Sequence[tuple[Job, Outcome]]) -> None:
    """Commits what had gathered while nobody was looking."""
    committer = Committer(app.settings)
    for job, outcome in outcomes:
        committer.add(job, outcome)
    task = asyncio.create_task(committer.run())
    await wait_until_async(lambda: not committer.uncommitted)
    task.cancel()
    await asyncio.wait([task])


async def test_each_job_of_a_batch_ends_as_its_outcome_says(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    jobs = claimed(db, 5)
    outcomes = [Done(), NOTED, Retry("later", 3600), Reject("never"), Release("not now")]

    await commit(app, list(zip(jobs, outcomes, strict=True)))

    ended = [(item(db, job.id)["status"], item(db, job.id)["attempts"]) for job in jobs]
    assert ended == [("completed", 1), ("completed", 1), ("pending", 1), ("failed", 1), ("pending", 0)]
    assert notes() == ["noted"]


async def test_one_job_twice_under_one_fence_has_its_effects_once(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    """A release whose answer was lost is told again; meanwhile the same worker may run the job twice."""
    [job] = claimed(db)

    await commit(app, [(job, NOTED), (job, NOTED)])

    assert notes() == ["noted"]
    assert item(db, job.id)["status"] == "completed"


@pytest.mark.parametrize("first", [Release("not now"), Retry("later", 0), Reject("never")])
async def test_two_outcomes_of_one_job_are_told_one_after_the_other(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]], first: Outcome
) -> None:
    [job] = claimed(db)

    await commit(app, [(job, first), (job, NOTED)])

    assert notes() == []
    assert item(db, job.id)["status"] in ("pending", "failed")


async def test_what_was_done_stays_done_when_another_outcome_follows(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    [job] = claimed(db)

    await commit(app, [(job, NOTED), (job, Release("not now"))])

    assert notes() == ["noted"]
    assert item(db, job.id)["status"] == "completed"


async def test_more_outcomes_than_one_transaction_takes_are_all_committed(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    jobs = claimed(db, 200)

    await commit(app, [(job, NOTED) for job in jobs])

    assert statuses(db) == {"completed": 200}
    assert len(notes()) == 200


async def test_jobs_that_are_lost_leave_no_effects_and_hold_up_nobody(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    jobs = claimed(db, 10)
    db.execute("select cancel_jobs(%s)", ([job.id for job in jobs[:4]],))

    await commit(app, [(job, NOTED) for job in jobs])

    assert statuses(db) == {"cancelled": 4, "completed": 6}
    assert len(notes()) == 6


async def test_effects_that_go_together_are_one_call_and_a_bad_one_costs_only_its_own_job(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]]
) -> None:
    db.execute("""
        create function note_all(p_texts text[], p_numbers bigint[]) returns void language plpgsql as $$
        begin
            assert 'bad' <> all (p_texts);
            perform note(format('%s: %s of %s', t, n, cardinality(p_texts))) from unnest(p_texts, p_numbers) u (t, n);
        end $$""")
    jobs = claimed(db, 4)

    def noted(text: str, number: int) -> Done:
        return Done([Effect("note_all", (text, number), together=True)])

    await commit(app, [(jobs[0], noted('say "a"', 1)), (jobs[1], noted("b\\", 2))])
    together = notes()
    await commit(app, [(jobs[2], noted("bad", 3)), (jobs[3], noted("good", 4))])

    assert sorted(together) == ["b\\: 2 of 2", 'say "a": 1 of 2']
    assert set(notes()) - set(together) == {"good: 4 of 1"}
    assert [item(db, job.id)["status"] for job in jobs] == ["completed", "completed", "pending", "completed"]


async def test_a_commit_whose_answer_is_lost_is_told_again_and_counts_once(
    app: App, db: psycopg.Connection, notes: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [job] = claimed(db)
    commit_once = Committer._commit
    tries = 0

    async def commit_and_lose(self: Committer, *args: object) -> None:
        nonlocal tries
        tries += 1
        await commit_once(self, *args)  # type: ignore[arg-type]
        if tries == 1:
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(Committer, "_commit", commit_and_lose)

    await commit(app, [(job, NOTED)])

    assert tries == 2
    assert notes() == ["noted"]


async def test_a_server_that_goes_down_while_we_connect_is_unavailable(
    app: App, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker waits for what is unavailable; of anything else it tells with a traceback."""

    async def connect_and_be_ended(dsn: str, name: str) -> Connection:
        conn = await connect(dsn, name)
        db.execute("select pg_terminate_backend(%s, 5000)", (conn.info.backend_pid,))
        return conn

    monkeypatch.setattr("emailq.queue.commit.connect", connect_and_be_ended)

    with pytest.raises(Unavailable):
        await Committer(app.settings).connect()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "57014", "57P01", "55P03", "53100", "08006", "58030"])
async def test_effects_that_never_pass_end_their_own_job_and_hold_up_no_other(
    app: App,
    db: psycopg.Connection,
    notes: Callable[[], list[str]],
    sqlstate: str,
) -> None:
    db.execute(
        "create function never(p text) returns void language plpgsql as"
        " 'begin raise exception ''never'' using errcode = p; end'"
    )
    bad, good = claimed(db, 2)

    await commit(app, [(bad, Done([Effect("never", (sqlstate,))])), (good, NOTED)])

    assert item(db, good.id)["status"] == "completed"
    assert notes() == ["noted"]
    row = item(db, bad.id)
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert row["last_error"].startswith("effects: ")


@pytest.mark.parametrize("outcome", [Retry(None, 3600), Reject(None), Reject("y" * 100_000)])  # type: ignore[arg-type]
async def test_a_reason_is_always_there_and_never_long(app: App, db: psycopg.Connection, outcome: Outcome) -> None:
    [job] = claimed(db)

    await commit(app, [(job, outcome)])

    assert 0 < len(item(db, job.id)["last_error"]) <= 2000


async def test_an_outcome_that_cannot_be_stored_in_any_way_is_tried_with_pauses(
    app: App, db: psycopg.Connection
) -> None:
    """Nobody may end jobs any more: the committer keeps asking, but not as fast as it can."""
    [job] = claimed(db)
    db.execute("alter function retry_jobs rename to retry_jobs_as_it_was")
    committer = Committer(app.settings)
    committer.add(job, Retry("later"))

    task = asyncio.create_task(committer.run())
    await asyncio.sleep(0.4)
    still_held = committer.uncommitted
    db.execute("alter function retry_jobs_as_it_was rename to retry_jobs")
    await wait_until_async(lambda: not committer.uncommitted)
    task.cancel()
    await asyncio.wait([task])

    assert still_held == 1
    assert item(db, job.id)["status"] == "pending"
    assert item(db, job.id)["last_error"].startswith("effects: UndefinedFunction: ")
