"""Who labels a message: the local model, an LLM, or first one and then, where it isn't sure, the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emailq.classify import local, several
from emailq.classify.calibrate import Calibration, calibrated
from emailq.models import Classification, Intent, MailText, Priority, Sentiment
from emailq.settings import Settings

if TYPE_CHECKING:
    from emailq.classify.llm import Llm

REVIEW_BELOW = 0.6  # where nothing is set and the model was not calibrated
SURE_FROM = 0.85

Calibrations = Mapping[str, Calibration]  # per model


async def classify(mail: MailText, settings: Settings, calibrations: Calibrations, llm: "Llm | None") -> Classification:
    """Labels by the classifier of the settings, with calibrated confidence. Raises LlmUnavailable and LlmFailed.

    Automatic mail (bounces, auto-replies, lists …) needs no LLM where the local model is sure, in any case.
    """

    def locally(mail: MailText) -> Classification:
        return calibrated(local.classify(mail, settings.local_model), calibrations)

    first = several.with_requests(mail, locally(mail), locally)
    if llm is None:
        return first
    if (settings.classifier == "cascade" or mail.automation) and is_sure(first, settings, calibrations):
        return first
    from emailq.classify import llm as chat
    from emailq.classify import ollama, openai

    ask = ollama.ask if settings.llm_api == "ollama" else openai.ask
    label = calibrated(await chat.classify(mail, llm, ask), calibrations)
    opinion = {"intents": intents(first), "confidence": round(first.confidence, 4)}
    return replace(label, details={**label.details, "local": opinion})


def intents(label: Classification) -> list[str]:
    """What a message asks for: the intent of the label, and those of its further requests."""
    return [one["intent"] for one in label.details.get("requests", ())] or [label.intent.value]


def is_sure(label: Classification, settings: Settings, calibrations: Calibrations) -> bool:
    """Whether a label of the local model needs no LLM."""
    return label.details.keys().isdisjoint(("problem", "surprise")) and label.confidence >= _limit(
        label, settings.sure_from, calibrations, SURE_FROM
    )


def doubt(label: Classification, settings: Settings, calibrations: Calibrations) -> str | None:
    """Why a person has to decide, in one line; None if the label can be trusted."""
    if problem := label.details.get("problem"):
        return str(problem)
    limit = _limit(label, settings.review_below, calibrations, REVIEW_BELOW)
    if label.confidence < limit:
        return f"unsure: {label.intent} with {label.confidence:.0%}"
    if surprise := label.details.get("surprise"):
        return str(surprise)
    requests = label.details.get("requests", [])  # the first is that of the label
    if any(one["confidence"] < limit for one in requests[1:]):
        return several.told(requests)
    if "local" in label.details and settings.review_below is None and label.model not in calibrations:
        return _disagreement(label)
    return None


def _disagreement(label: Classification) -> str | None:
    """A confidence that nobody measured is worth little: what an LLM says leads on if the local model says so too."""
    said, local_said = intents(label), label.details["local"]["intents"]
    if set(said) == set(local_said) or not {*said, *local_said} & set(several.INTENTS):
        return None
    return (
        f"{label.model} says {' and '.join(said)}, the local model {' and '.join(local_said)};"
        " without `emailq calibrate` both have to agree"
    )


def unlabelled(problem: str, settings: Settings) -> Classification:
    """For a message that the LLM can't do: it goes to a person."""
    return Classification(
        Intent.OTHER,
        Sentiment.NEUTRAL,
        Priority.NORMAL,
        0.0,
        settings.llm_model,
        settings.llm_api,
        details={"problem": problem},
    )


def _limit(label: Classification, chosen: float | None, calibrations: Calibrations, default: float) -> float:
    """What is set counts, else what was measured; a rule is sure by itself."""
    if chosen is not None:
        return chosen
    measured = calibrations.get(label.model)
    return default if measured is None or "rule" in label.details else measured.threshold
