"""Ollama's native API: POST /api/chat with `format` = JSON schema (https://docs.ollama.com/api/chat)."""

import json
import time
from collections.abc import Sequence
from typing import Any

from emailq.classify.llm import Llm, Reply, TooLong, post
from emailq.classify.prompt import ANSWER_TOKENS, SCHEMA, Message
from emailq.errors import EmailqError
from emailq.http import send

_KEEP_ALIVE = "15m"
_CONTEXT_SIZES = (4096, 8192, 16_384)  # few of them: a server loads the model again for each other size
_DIGEST_AGE_S = 300.0
_DIGEST_WAIT_S = 5.0


async def ask(llm: Llm, messages: Sequence[Message], tokens: int) -> Reply:
    """One chat call. `num_ctx` holds the prompt and the answer, since the server cuts the rest and says nothing."""
    needed = tokens + ANSWER_TOKENS
    context = next((size for size in _CONTEXT_SIZES if needed <= size), _CONTEXT_SIZES[-1])
    options = {"temperature": 0, "seed": 0, "num_ctx": context, "num_predict": ANSWER_TOKENS}
    request = {
        "model": llm.settings.llm_model,
        "messages": list(messages),
        "stream": False,
        "format": SCHEMA,
        "keep_alive": _KEEP_ALIVE,
        "options": options,
    }
    answer = await post(llm, "/api/chat", json.dumps(request).encode())
    found = answer.json()
    message = found.get("message") if isinstance(found, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(found, dict) or not isinstance(text, str):
        return Reply(answer.text(16_000), "the server's answer is not that of /api/chat")
    prompt_tokens = found.get("prompt_eval_count")
    if isinstance(prompt_tokens, int) and prompt_tokens >= context - ANSWER_TOKENS // 2:
        raise TooLong(f"{prompt_tokens} tokens in a context of {context}")
    details = {
        "digest": await _digest(llm),
        "parameters": options,
        "prompt_tokens": prompt_tokens,
        "answer_tokens": found.get("eval_count"),
        "server_model": found.get("model"),
    }
    return Reply(text, "cut off by the server" if found.get("done_reason") == "length" else None, details)


async def _digest(llm: Llm) -> str | None:
    """The model's digest: a name can be given to another model at any time. None if the server does not tell."""
    name = llm.settings.llm_model
    read_at, digest = llm.digests.get(name, (float("-inf"), None))
    if time.monotonic() - read_at > _DIGEST_AGE_S:
        digest = await _read_digest(llm, name)
        llm.digests[name] = (time.monotonic(), digest)
    return digest


async def _read_digest(llm: Llm, name: str) -> str | None:
    try:
        answer = await send(llm.http, "GET", f"{llm.settings.llm_url.rstrip('/')}/api/tags", timeout_s=_DIGEST_WAIT_S)
    except EmailqError:
        return None
    found = answer.json()
    models: Any = found.get("models") if isinstance(found, dict) else None
    for model in models if isinstance(models, list) else []:
        if isinstance(model, dict) and model.get("name") in (name, f"{name}:latest"):
            digest = model.get("digest")
            return digest if isinstance(digest, str) else None
    return None
