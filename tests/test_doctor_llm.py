"""What `emailq doctor` says about the LLM server."""

from collections.abc import Iterator

import pytest

from emailq.checks import Finding
from emailq.doctor import outside
from emailq.errors import ConfigError
from emailq.settings import load_settings
from tests.http_server import HttpServer, Reply, serve


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serve(lambda _: Reply.of({"models": [{"name": "llama3.1:8b"}, {"name": "phi:latest"}]})) as running:
        yield running


async def classifier(server: HttpServer, **settings: str) -> Finding:
    given = load_settings({}, classifier="llm", llm_url=server.url, **settings)
    found, *_ = [finding async for finding in outside(given)]
    return found


@pytest.mark.parametrize("model", ["llama3.1:8b", "phi"])
async def test_a_model_that_is_there(server: HttpServer, model: str) -> None:
    found = await classifier(server, llm_model=model)

    assert (found.state, found.text) == ("ok", f"ollama at {server.url} has {model}")


async def test_a_model_that_has_to_be_pulled(server: HttpServer) -> None:
    found = await classifier(server, llm_model="mistral")

    assert found.state == "fail"
    assert "run: ollama pull mistral (it has llama3.1:8b, phi:latest)" in found.text


async def test_a_server_that_is_down(server: HttpServer) -> None:
    server.stop()

    found = await classifier(server)

    assert found.state == "fail"
    assert "can't connect" in found.text


async def test_a_server_that_wants_a_key(server: HttpServer) -> None:
    server.answer = lambda request: (
        Reply.of({"data": [{"id": "m"}]}) if request.headers.get("authorization") == "Bearer k" else Reply(401)
    )

    assert (await classifier(server, llm_api="openai", llm_model="m")).state == "fail"
    assert (await classifier(server, llm_api="openai", llm_model="m", llm_api_key="k")).state == "ok"
    assert (await classifier(server, llm_api="openai", llm_model="x", llm_api_key="k")).state == "warn"


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8"])
def test_mail_leaves_this_network_only_to_a_host_that_is_named(host: str) -> None:
    given = {"classifier": "llm", "llm_url": f"https://{host}/v1"}

    with pytest.raises(ConfigError, match="would be sent mail"):
        load_settings({}, **given)
    with pytest.raises(ConfigError, match="would be sent mail"):
        load_settings({}, **given, llm_remote_host="other.example.com")
    assert load_settings({}, **given, llm_remote_host=host).llm_remote_host == host


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1", "http://10.1.2.3", "http://ollama:11434"])
def test_hosts_of_this_network_need_no_such_word(url: str) -> None:
    assert load_settings({}, classifier="llm", llm_url=url).llm_url == url
