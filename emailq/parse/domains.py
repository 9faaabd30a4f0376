"""Domains: which part of one somebody registered, and what it looks like to a reader."""

import unicodedata
from collections.abc import Collection
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from emailq.parse.values import label_in_letters


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable(address: str) -> str | None:
    """The domain that was registered, for an address or a domain: example.co.uk for a@mail.example.co.uk.

    Lower case, in letters (no xn--); None for a local name, an IP address or nonsense.
    """
    return _registrable(address.rpartition("@")[2].strip().rstrip(".").lower()[:300])


@lru_cache(maxsize=4096)
def _registrable(domain: str) -> str | None:
    if not domain or "[" in domain or domain.replace(".", "").isdigit():
        return None
    return _suffixes().privatesuffix(".".join(label_in_letters(label) for label in domain.split(".")))


def is_ours(address: str | None, own: Collection[str]) -> bool:
    """Whether an address is one of `own`: addresses and domains as address_key has them; subdomains count too."""
    if not address:
        return False
    labels = address.rpartition("@")[2].split(".")
    return address in own or any(".".join(labels[start:]) in own for start in range(len(labels)))


def mixes_scripts(domain: str) -> bool:
    """Whether a label of this domain has letters of Latin and of a script that looks like it: раypal."""
    return not domain.isascii() and any(
        len({_script(letter) for letter in label} - {None}) > 1 for label in domain.split(".")
    )


def _script(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    name = unicodedata.name(letter, "").partition(" ")[0]
    return name if name in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE") else None
