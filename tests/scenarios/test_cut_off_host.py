"""One of several hosts loses its network without a word: others run its items, and what it says late is refused."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from emailq.migrate import migrate
from tests.items import add_items, item, statuses, value
from tests.namespaces import Host, start_host
from tests.scenarios.conftest import Tell
from tests.servers import PostgresServer, postgresql_installations, start_postgresql
from tests.waiting import wait_until

pytestmark = pytest.mark.netns

HANDLER = """
async def handle(job, app):
    tell("began", job)
    cut_off = os.environ.get("EMAILQ_ACCOUNT") == "cut_off"
    while cut_off and not said("go"):
        await asyncio.sleep(0.01)
    tell("ended", job)
    return Done([note(job)], [Next("later")])
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    with start_host() as one, start_host() as other:
        yield one, other


@pytest.fixture(scope="module")
def server(hosts: tuple[Host, Host]) -> Iterator[PostgresServer]:
    """A PostgreSQL that answers the other hosts too."""
    addresses = ",".join(["127.0.0.1", *(host.our_address for host in hosts)])
    with start_postgresql(postgresql_installations()[0], listen_addresses=addresses) as server:
        with (server.folder / "data/pg_hba.conf").open("a") as access:
            access.writelines(f"host all all {host.our_address}/24 trust\n" for host in hosts)
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("create database hosts")
            conn.execute("select pg_reload_conf()")
        migrate(server.dsn("hosts"))
        yield server


def test_a_host_that_is_cut_off_loses_its_items_and_says_nothing_any_more(
    server: PostgresServer, hosts: tuple[Host, Host], tell_story: Tell
) -> None:
    dsn = f"{server.dsn('hosts')}?sslmode=disable"
    told = tell_story(dsn, HANDLER)
    lonely, other = hosts
    with psycopg.connect(dsn, autocommit=True) as db:
        cut_off = told.start_ready(
            on=lonely, dsn=dsn.replace(server.host, lonely.our_address), account="cut_off", grace_s="1"
        )
        ids = add_items(db, 5)
        wait_until(lambda: len(told.told("began")) == 5)
        survivor = told.start_ready(on=other, dsn=dsn.replace(server.host, other.our_address))

        lonely.pull_the_cable()
        cut_at = time.monotonic()
        db.execute("notify emailq, 'work'")  # something unread is on its way: keepalives do not count then
        wait_until(lambda: len(told.told("began")) == 10, 25)
        wait_until(lambda: statuses(db) == {"completed": 5})
        rescued_at = max(line.at for line in told.told("began") if line.pid == survivor.pid)
        told.say("go")  # the one that is cut off comes to its end too, and wants to say so
        wait_until(lambda: len(told.told("ended")) == 10)
        lonely.plug_it_in_again()
        wait_until(lambda: told.log_of(cut_off).count("it is not ours any more") == 5, 25)
        wait_until(lambda: value(db, "select count(*) from queue_workers where alive") == 2, 25)

        assert rescued_at - cut_at < 15
        assert value(db, "select count(*) from notes") == 5
        assert statuses(db, "later") == {"pending": 5}
        assert {item(db, one)["crashes"] for one in ids} == {1}
        assert "Traceback" not in told.log_of(cut_off)

        cut_off.terminate()
        assert cut_off.wait(15) == 0
