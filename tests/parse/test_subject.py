"""The subject that a conversation keeps."""

import pytest

from emailq.parse.subject import base_subject


@pytest.mark.parametrize(
    ("written", "base", "is_reply"),
    [
        ("parts", "parts", False),
        ("Re: Fwd: parts", "parts", True),
        ("Fwd: parts", "parts", False),
        ("RE : Re[2]: parts", "parts", True),
        ("[Fwd: Re: parts]", "parts", True),
        ("parts (fwd)", "parts", False),
        ("Re: [list] Re: parts", "[list] parts", True),
        ("[list] Re: parts", "[list] parts", True),
        ("AW: WG: parts", "parts", True),
        ("Отв: parts", "parts", True),
        ("回复：parts", "parts", True),
        ("Vá: Απ: Atb.: parts", "parts", True),
        ("İLT: parts", "parts", False),
        ("Receipt: parts", "Receipt: parts", False),
        ("Order re: parts", "Order re: parts", False),
        ("Re:", "Re:", False),
        ("(fwd)", "(fwd)", False),
    ],
)
def test_what_mail_programs_write_before_a_subject_is_taken_off(written: str, base: str, is_reply: bool) -> None:
    assert base_subject(written) == (base, is_reply)
