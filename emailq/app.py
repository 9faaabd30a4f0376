"""App: what handlers may use, opened once and closed in reverse; the only wiring."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from emailq.db import Pool, open_pool
from emailq.errors import ConfigError
from emailq.settings import Settings
from emailq.store.blobs import Blobs
from emailq.store.directory_blobs import DirectoryBlobs
from emailq.store.s3_blobs import S3Blobs

if TYPE_CHECKING:
    import httpx

R = TypeVar("R")


@dataclass
class App:
    """Settings, database pool, blob store and HTTP client of one process; `shared` for what else a handler keeps."""

    settings: Settings
    pool: Pool
    blobs: Blobs
    exits: AsyncExitStack
    resources: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        """One client for all outgoing HTTP: no redirects, no proxies or .netrc from the environment."""
        import httpx  # ~8 MB that a worker of other queues does not need

        client = httpx.AsyncClient(follow_redirects=False, trust_env=False)
        self.exits.push_async_callback(client.aclose)
        return client

    def shared(self, name: str, make: Callable[[], R], close: Callable[[R], Awaitable[None]]) -> R:
        """What the handlers of this process share under `name`; made when first asked for, closed with the App."""
        if name not in self.resources:
            self.resources[name] = made = make()
            self.exits.push_async_callback(close, made)
        found: R = self.resources[name]
        return found


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open what a process needs; raises Unavailable when the database or the blob store can't be reached."""
    async with AsyncExitStack() as exits:
        pool = await exits.enter_async_context(open_pool(settings))
        blobs = open_blobs(settings)
        yield App(settings, pool, blobs, exits)


def open_blobs(settings: Settings) -> Blobs:
    """The blob store that the settings name. Raises ConfigError."""
    if settings.blobs == "directory":
        return DirectoryBlobs(settings.blob_dir)
    if not (settings.s3_endpoint and settings.s3_access_key and settings.s3_secret_key):
        raise ConfigError("blobs = s3 needs EMAILQ_S3_ENDPOINT, EMAILQ_S3_ACCESS_KEY and EMAILQ_S3_SECRET_KEY")
    return S3Blobs(settings)
