"""Ask a model over HTTP, without the library of its provider.

    pip install componentstream httpx
    OPENAI_API_KEY=... python examples/provider_over_httpx.py --model gpt-5.4 "a page for a bakery"
    ANTHROPIC_API_KEY=... python examples/provider_over_httpx.py --model claude-sonnet-5-5 "a page for a club"

The bytes of the response are the source as they come, cut anywhere: ``decoder=SSESourceDecoder`` reads them.
An answer that reached the length limit is the error ``source_truncated``, one that broke off is
``source_incomplete``, an overload is a retryable ``source_failed``: none of them looks like a complete page.
``--base-url`` names a compatible server.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx

from componentstream import (
    ComponentBlock,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    GenerationSession,
    Timeouts,
    UsageEvent,
    astream,
)
from componentstream.prompt import instructions
from componentstream.session.session import SessionState
from componentstream.sources import SSESourceDecoder

MAX_TOKENS = 16_000

# The defaults are 30 and 15 seconds. A long page takes minutes, and a model that thinks first is silent.
TIMEOUTS = Timeouts(generation=900.0, chunk=120.0)


def anthropic_request(model: str, prompt: str) -> tuple[str, dict[str, str], dict[str, object]]:
    """Return path, headers and body of a request to Anthropic's Messages API."""
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
    messages = [{"role": "user", "content": prompt}]
    body = {"model": model, "max_tokens": MAX_TOKENS, "system": instructions(), "messages": messages}
    return "/v1/messages", headers, {**body, "stream": True}


def openai_request(model: str, prompt: str) -> tuple[str, dict[str, str], dict[str, object]]:
    """Return path, headers and body of a request to OpenAI's chat completions, or a compatible server."""
    headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    messages = [{"role": "system", "content": instructions()}, {"role": "user", "content": prompt}]
    body = {"model": model, "messages": messages, "max_completion_tokens": MAX_TOKENS}
    return (
        "/v1/chat/completions",
        headers,
        {**body, "stream": True, "stream_options": {"include_usage": True}},
    )


PROVIDERS = {
    "anthropic": ("https://api.anthropic.com", anthropic_request),
    "openai": ("https://api.openai.com", openai_request),
}


async def ask(
    base_url: str, path: str, headers: dict[str, str], body: dict[str, object]
) -> AsyncIterator[bytes]:
    """Yield the bytes of the response. Its status needs no check: an error is read from the body."""
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(10.0, read=None)) as client,
        client.stream("POST", path, headers=headers, json=body) as response,
    ):
        async for data in response.aiter_bytes():
            yield data


def line_of(event: Event) -> str | None:
    """Return the line that shows an event, None for events that are not shown."""
    match event:
        case ContentBlockStart(block=ComponentBlock(name=name, position=position)):
            return f"{name} begins at {position}"
        case ContentBlockStop(index=index, reason=reason, chars=chars):
            return f"block {index}: {chars} characters, {reason}"
        case ErrorEvent(code=code, message=message, retryable=retryable):
            return f"{code}: {message}{' Try again.' if retryable else ''}"
        case UsageEvent(input_tokens=read, output_tokens=written):
            return f"tokens: {read} read, {written} written"
    return None


def provider_of(model: str) -> str:
    """Return the provider of a model, for an unknown name the one that the environment has a key for."""
    if model.startswith("claude"):
        return "anthropic"
    known = not model.startswith("gpt") and "ANTHROPIC_API_KEY" in os.environ
    return "anthropic" if known else "openai"


async def main() -> int:
    """Ask the model, and print its components; return the exit status: 0 if the stream was complete."""
    arguments = argparse.ArgumentParser(description="Ask a model over HTTP for a page of components.")
    arguments.add_argument("prompt")
    arguments.add_argument("--provider", choices=PROVIDERS, help="default: that of the model, or of the key")
    arguments.add_argument("--model", required=True, help="name of the model")
    arguments.add_argument("--base-url", help="URL of a compatible server, without the path")
    options = arguments.parse_args()
    provider = options.provider or provider_of(options.model)
    if not os.environ.get(key := f"{provider.upper()}_API_KEY"):
        arguments.error(f"set the environment variable {key}, or choose another --provider")

    default_url, request = PROVIDERS[provider]
    source = ask(options.base_url or default_url, *request(options.model, options.prompt))
    session = GenerationSession(timeouts=TIMEOUTS)
    try:
        async with aclosing(astream(source, session=session, decoder=SSESourceDecoder)) as events:
            async for event in events:
                if (line := line_of(event)) is not None:
                    print(line, flush=True)
    except httpx.HTTPError as error:  # the events have reported it; this is the detail
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return 0 if session.state is SessionState.DONE else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
