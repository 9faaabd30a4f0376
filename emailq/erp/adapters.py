"""The systems that actions go to, by name. An adapter is a module; a new one gets its line here, or an entry point."""

import importlib
from importlib.metadata import entry_points
from typing import Protocol

from emailq.app import App
from emailq.erp.outbox import DRY_RUN, Action
from emailq.erp.result import Result
from emailq.errors import ConfigError

ENTRY_POINTS = "emailq.erp_adapters"

ADAPTERS = {
    "http": "emailq.erp.http",
    "tryton": "emailq.erp.tryton",
    "odoo": "emailq.erp.odoo",
    "odoo_xmlrpc": "emailq.erp.odoo_xmlrpc",
    "erpnext": "emailq.erp.erpnext",
}


class Adapter(Protocol):
    """What emailq asks of an ERP. Either function may raise Stopped; whatever else it raises counts as unknown."""

    honours_keys: bool  # a second request with the same key does nothing new, for `erp_key_hours`

    async def find(self, action: Action, app: App) -> Result | None:
        """The document that an earlier try made, found by `action.reference` or key; None if there is none.

        Raises NotImplementedError where the system can't be asked: then only its keys keep documents single.
        """

    async def create(self, action: Action, app: App) -> Result:
        """Make or change the document, once."""


def load_adapter(name: str) -> Adapter:
    """Raises ConfigError for a name that nobody has."""
    found = ADAPTERS | {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise ConfigError(f"no ERP adapter is named {name!r}; there are {', '.join([DRY_RUN, *sorted(found)])}")
    return importlib.import_module(found[name])  # a module, by PEP 544
