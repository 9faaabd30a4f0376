"""What people decide teaches the local model."""

import json
from array import array
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from emailq.app import open_app
from emailq.classify import local
from emailq.classify.features import signs_of
from emailq.classify.handler import handle
from emailq.classify.learn import Example, learn
from emailq.errors import ConfigError
from emailq.models import MailText
from emailq.outcomes import Release
from emailq.settings import load_settings
from tests.commands import run_emailq
from tests.mails import add_email, claim, message

# To this firm a "zwick" is a kind of bill; nobody else knows the word.
TEXTS = ["Zwick {} bitte", "{} zwick wie immer", "Noch {} zwick, danke", "zwick {} für morgen früh"]


def mail(number: int) -> MailText:
    return MailText(subject="Zwick", text=TEXTS[number % 4].format(number))


def examples(count: int) -> list[Example]:
    return [Example(signs_of(mail(number)), {"intent": "invoice", "priority": "normal"}) for number in range(count)]


def test_a_word_that_people_label_is_learned() -> None:
    lesson = learn(local.load(), examples(24))

    assert lesson.after > lesson.before
    assert lesson.model.name.endswith("+24")


def test_what_was_learned_survives_the_file_and_leaves_other_mail_alone(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    model = learn(local.load(), examples(24)).model
    file.write_bytes(local.to_bytes(model))
    other = MailText(subject="Broken", text="The kettle you sent leaks and I want my money back. Very disappointed.")

    taught = local.classify(mail(99), file)

    assert (taught.intent, taught.model) == ("invoice", model.name)
    assert local.classify(other, file).intent == "complaint"


def test_a_model_is_named_for_all_that_decides_so_that_no_other_gets_its_calibration() -> None:
    base = local.load()
    others = [
        base._replace(confidence=(0.5, *base.confidence[1:])),
        base._replace(bias=(0.5, *base.bias[1:])),
        base._replace(weights=base.weights[:-1] + array("b", [base.weights[-1] ^ 1])),
        learn(base, examples(24)).model,
        learn(base, examples(25)[1:]).model,
    ]

    names = {local.named(one).name for one in (base, *others)}

    assert len(names) == 6
    assert local.named(base) == base


def test_learning_twice_gives_the_same_weights() -> None:
    assert learn(local.load(), examples(20)) == learn(local.load(), examples(20))


@pytest.mark.parametrize("content", [None, b"", b"{}\n", b"not a model at all"])
def test_a_file_without_weights_is_a_wrong_setting(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "model.bin"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match="local_model"):
        local.load(file)


async def test_train_learns_from_the_history_and_workers_use_the_file(
    dsn: str, tmp_path: Path, db: psycopg.Connection
) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    async with open_app(load_settings({}, dsn=dsn, blob_dir=env["EMAILQ_BLOB_DIR"])) as app:
        ids = [await add_email(app, message("Zwick", mail(number).text)) for number in range(20)]
    too_few = run_emailq("train", "--out", tmp_path / "model.bin", env=env)
    decided(db, ids)

    done = run_emailq("train", "--out", tmp_path / "model.bin", "--json", env=env)

    assert (too_few.returncode, "decided on 0 messages" in too_few.stderr) == (65, True)
    told = json.loads(done.stdout)
    assert (told["examples"], told["model"][-3:]) == (20, "+20")
    assert told["right_after"] > told["right_before"]
    (tmp_path / "new.eml").write_bytes(message("Zwick", "zwick 12 bitte"))
    env = {"EMAILQ_LOCAL_MODEL": str(tmp_path / "model.bin")}
    assert json.loads(run_emailq("classify", "--json", tmp_path / "new.eml", env=env).stdout)["intent"] == "invoice"


async def test_a_missing_file_of_weights_costs_no_attempts(dsn: str, tmp_path: Path) -> None:
    settings = load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"), local_model=str(tmp_path / "gone.bin"))
    async with open_app(settings) as app:
        email_id = await add_email(app, message("Zwick", "zwick 12 bitte"))

        outcome = await handle(await claim(app, email_id, "classification"), app)

    assert isinstance(outcome, Release)
    assert "local_model" in outcome.reason


def decided(db: psycopg.Connection, ids: list[UUID]) -> None:
    label = {"intent": "invoice", "sentiment": "neutral", "priority": "normal", "confidence": 1, "decided_by": "person"}
    for email_id in ids:
        db.execute("select record_classification(%s, %s)", (email_id, json.dumps({**label, "decision": "accepted"})))
