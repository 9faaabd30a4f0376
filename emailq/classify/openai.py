"""Any server with the OpenAI chat API (llama.cpp, vLLM …): POST /v1/chat/completions with a strict JSON schema."""

import json
from collections.abc import Sequence
from typing import Any

from emailq.classify.llm import Llm, Reply, post
from emailq.classify.prompt import ANSWER_TOKENS, SCHEMA, Message


async def ask(llm: Llm, messages: Sequence[Message], tokens: int) -> Reply:
    """One chat call. The context's size is the server's own; it refuses what is longer."""
    options = {"temperature": 0, "seed": 0, "max_tokens": ANSWER_TOKENS}
    request = {
        "model": llm.settings.llm_model,
        "messages": list(messages),
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "labels", "strict": True, "schema": SCHEMA},
        },
        **options,
    }
    answer = await post(llm, "/v1/chat/completions", json.dumps(request).encode())
    found = answer.json()
    choice = _first(found.get("choices")) if isinstance(found, dict) else {}
    message = choice.get("message")
    if not isinstance(found, dict) or not isinstance(message, dict):
        return Reply(answer.text(16_000), "the server's answer is not that of /v1/chat/completions")
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = {
        "parameters": options,
        "prompt_tokens": usage.get("prompt_tokens"),
        "answer_tokens": usage.get("completion_tokens"),
        "server_model": found.get("model"),
        "system_fingerprint": found.get("system_fingerprint"),
    }
    text = message.get("content")
    if not isinstance(text, str):
        return Reply(str(message.get("refusal") or ""), "no content: the model refused", details)
    return Reply(text, "cut off by the server" if choice.get("finish_reason") == "length" else None, details)


def _first(choices: Any) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
