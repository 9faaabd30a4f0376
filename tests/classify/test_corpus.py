"""The pieces that the local model is trained from can all be read and made into messages; what it makes of others."""

from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from emailq.classify import local
from emailq.models import Intent

TRAIN = Path(__file__).parents[2] / "scripts/train"


class Scripts(NamedTuple):
    compose: ModuleType
    heldout: ModuleType
    pieces: ModuleType


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Scripts:
    monkeypatch.syspath_prepend(str(TRAIN))
    import compose
    import heldout
    import pieces

    return Scripts(compose, heldout, pieces)


@pytest.mark.parametrize("code", sorted(path.name for path in (TRAIN / "corpus").iterdir()))
def test_every_language_has_messages_of_every_intent(scripts: Scripts, code: str) -> None:
    [language] = [one for one in scripts.pieces.read_languages() if one.code == code]

    made = list(scripts.compose.compose(language, per_intent=60, seed=1))

    assert {sample.intent for sample in made} == set(Intent)
    assert not [sample for sample in made if "{" in sample.mail.subject + sample.mail.text and "}" in sample.mail.text]


def test_every_piece_has_values_for_its_slots(scripts: Scripts) -> None:
    for language in scripts.pieces.read_languages():
        most = max(
            sum(len(section.cores) for section in language.sections if section.intent == intent) for intent in Intent
        )

        made = list(scripts.compose.compose(language, per_intent=most, seed=2))

        assert len({sample.source for sample in made}) == sum(len(section.cores) for section in language.sections)


def test_the_same_seed_makes_the_same_mail(scripts: Scripts) -> None:
    [language] = [one for one in scripts.pieces.read_languages() if one.code == "en"]

    once, again = (list(scripts.compose.compose(language, per_intent=20, seed=3)) for _ in range(2))

    assert once == again


def test_most_messages_held_out_of_training_get_their_intent(scripts: Scripts) -> None:
    held = scripts.heldout.read_held_out()

    said = [local.classify(one.mail) for one in held]

    right = sum(label.intent == one.intent for label, one in zip(said, held, strict=True))
    assert right >= 0.8 * len(held)
    spam = [one.intent for label, one in zip(said, held, strict=True) if label.intent == Intent.SPAM]
    assert spam.count("spam") >= 0.9 * len(spam) > 0


def test_no_message_held_out_is_a_piece(scripts: Scripts) -> None:
    pieces = [
        core.text
        for language in scripts.pieces.read_languages()
        for section in language.sections
        for core in section.cores
        if len(core.text) > 40
    ]

    texts = [one.mail.text for one in scripts.heldout.read_held_out()]

    assert not [piece for piece in pieces if any(piece in text for text in texts)]
