"""emailq turns a mailbox into work that is done, with PostgreSQL as the broker."""

__version__ = "0.1.0"
