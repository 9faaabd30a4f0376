"""The figures of an evaluation as text for a terminal, and its reliability plot as SVG."""

from collections.abc import Iterator
from typing import Any

_BAR = 40  # characters for a share of 1


def as_text(figures: dict[str, Any]) -> str:
    """The report of `emailq eval`."""
    return "\n".join(
        line
        for part in (_accuracy, _labels, _languages, _confusion, _calibration, _risk, _cost, _injection)
        for line in part(figures)
    ).strip()


def reliability_svg(figures: dict[str, Any]) -> str:
    """Accuracy over confidence in ten bins; the area of a dot is the number of messages, the diagonal is perfection."""
    bins = figures["calibration"]["bins"]
    most = max(one["n"] for one in bins)
    dots = "".join(
        f'<circle cx="{50 + 400 * one["confidence"]:.1f}" cy="{450 - 400 * one["accuracy"]:.1f}"'
        f' r="{3 + 15 * (one["n"] / most) ** 0.5:.1f}"><title>{one["n"]} messages: confidence'
        f" {one['confidence']:.2f}, accuracy {one['accuracy']:.2f}</title></circle>"
        for one in bins
    )
    ticks = "".join(
        f'<text x="{50 + 40 * tenth}" y="470" text-anchor="middle">{tenth / 10:g}</text>'
        f'<text x="42" y="{454 - 40 * tenth}" text-anchor="end">{tenth / 10:g}</text>'
        for tenth in range(0, 11, 2)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 500" font-family="sans-serif" font-size="13">'
        '<rect width="500" height="500" fill="white"/>'
        f'<text x="250" y="30" text-anchor="middle">ECE {figures["calibration"]["ece"]:.3f} on'
        f" {figures['messages']} messages</text>"
        '<path d="M50 50v400h400M50 450L450 50" fill="none" stroke="#999"/>'
        f'<g fill="#2b6cb0" fill-opacity="0.7">{dots}</g>{ticks}'
        '<text x="250" y="492" text-anchor="middle">confidence</text>'
        '<text x="14" y="250" text-anchor="middle" transform="rotate(-90 14 250)">accuracy</text></svg>\n'
    )


def _accuracy(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['messages']} messages"
    yield ""
    yield f"{'':12}{'accuracy':>9}{'macro-F1':>10}"
    for field in ("intent", "sentiment", "priority"):
        yield f"{field:12}{_number(figures[field]['accuracy']):>9}{_number(figures[field]['macro_f1']):>10}"
    yield f"{'all three':12}{_number(figures['all_three']):>9}"
    if figures["hard"]["n"]:
        yield f"{'hard mail':12}{_number(figures['hard']['accuracy']):>9}   intent of {figures['hard']['n']}"


def _labels(figures: dict[str, Any]) -> Iterator[str]:
    for field in ("intent", "sentiment", "priority"):
        yield ""
        yield f"{field:12}{'precision':>9}{'recall':>10}{'F1':>8}{'n':>6}"
        for label, one in figures[field]["labels"].items():
            yield f"{label:12}{one['precision']:9.3f}{one['recall']:10.3f}{one['f1']:8.3f}{one['n']:6}"


def _languages(figures: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{'language':12}{'intent':>9}{'macro-F1':>10}{'sentiment':>11}{'priority':>10}{'n':>6}"
    for language, one in figures["languages"].items():
        yield (
            f"{language:12}{_number(one['intent']['accuracy']):>9}{_number(one['intent']['macro_f1']):>10}"
            f"{_number(one['sentiment']['accuracy']):>11}{_number(one['priority']['accuracy']):>10}{one['messages']:6}"
        )


def _confusion(figures: dict[str, Any]) -> Iterator[str]:
    names = list(figures["intent"]["labels"])
    yield ""
    yield f"{'is ↓ said →':12}" + "".join(f"{name:>11}" for name in names)
    for wanted, said in figures["intent"]["confusion"].items():
        yield f"{wanted:12}" + "".join(f"{said.get(name) or '·':>11}" for name in names)


def _calibration(figures: dict[str, Any]) -> Iterator[str]:
    found = figures["calibration"]
    fitted = found["cross_fitted"]
    yield ""
    chance = f"{found['ece_of_exact']:.3f} would be chance alone"
    yield f"calibration error (ECE) {found['ece']:.3f} ({chance}), Brier score {found['brier']:.3f}" + (
        f"; ECE of maps fitted on the other {fitted['folds'] - 1} of {fitted['folds']} parts {fitted['ece']:.3f}"
        if fitted
        else ""
    )
    yield "confidence     n  accuracy   █ accuracy, | confidence"
    for one in found["bins"]:
        bar = list("█" * round(one["accuracy"] * _BAR) + " " * _BAR)[: _BAR + 1]
        bar[round(one["confidence"] * _BAR)] = "|"
        yield f"{one['from']:.1f} – {one['to']:.1f} {one['n']:5}{one['accuracy']:10.3f}   {''.join(bar).rstrip()}"


def _risk(figures: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{'threshold':12}{'answered':>9}{'coverage':>10}{'error':>8}   at most (95 %)"
    for one in figures["risk_coverage"]:
        yield _risk_line(one)
    best, alone = figures["threshold"], figures["decided_alone"]
    yield ""
    yield f"for an error of at most {best['error']:.1%}:"
    yield _risk_line(best) if best["answered"] else "no threshold reaches it"
    yield (
        f"with the thresholds in force {alone['messages']} messages ({alone['share']:.1%}) need no person;"
        f" {alone['wrong']} of them are wrong (error at most {alone['error_bound']:.1%})"
    )


def _risk_line(one: dict[str, Any]) -> str:
    return (
        f"{one['confidence']:<12.4f}{one['answered']:9}{one['coverage']:10.1%}{one['error_seen']:8.1%}"
        f"   {one['error_bound']:.1%}"
    )


def _cost(figures: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{'stage':28}{'messages':>9}{'share':>8}{'accuracy':>10}{'seconds':>9}{'tokens':>8}"
    for one in figures["stages"]:
        yield (
            f"{one['provider'] + ' ' + one['model']:28}{one['messages']:9}{one['share']:8.1%}{one['accuracy']:10.3f}"
            f"{one['seconds']:9.2f}{one['tokens']:8}"
        )
    cost = figures["cost"]
    yield (
        f"{cost['llm_calls']} messages asked of an LLM, {cost['calls_avoided']:.1%} avoided; seconds a message:"
        f" median {cost['seconds_median']:.4f}, 95 % within {cost['seconds_p95']:.4f}"
    )


def _injection(figures: dict[str, Any]) -> Iterator[str]:
    found = figures["injection"]
    if found is None:
        return
    yield ""
    yield (
        f"injected instructions in {found['messages']} messages: intent right in {found['accuracy']:.1%}, demanded"
        f" labels that came about {found['flipped']} (intent {found['intent_flipped']})"
    )
    if found["twins"]:
        yield f"caused by the injected text (the same message without it got another label): {found['caused']}"
    for file, fields in found["files"].items():
        yield f"  {file}: {', '.join(fields)}"


def _number(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"
