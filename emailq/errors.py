"""The exceptions that somebody catches.

EmailqError
├── ConfigError        settings are wrong or missing                       exit 78
├── UsageError         the request makes no sense                          exit 64
├── BadInput           a message or file can't be accepted                 exit 65
├── NotFound           an id names nothing                                 exit 65
├── SchemaError        the database's schema is not the one this code knows  exit 78
├── Unavailable        a server can't be reached, or refuses for now       exit 69
└── TryAgain           a message could not be taken in, through no fault of its own  exit 75
"""


class EmailqError(Exception):
    """Base of all expected errors; the message is one line that says what to do."""

    exit_code = 70


class ConfigError(EmailqError):
    exit_code = 78


class UsageError(EmailqError):
    exit_code = 64


class BadInput(EmailqError):
    exit_code = 65


class NotFound(EmailqError):
    exit_code = 65


class SchemaError(EmailqError):
    exit_code = 78


class Unavailable(EmailqError):
    exit_code = 69


class TryAgain(EmailqError):
    exit_code = 75
