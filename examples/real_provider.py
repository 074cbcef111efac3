"""Ask a real model for a page, and watch its components grow.

    pip install componentstream anthropic
    ANTHROPIC_API_KEY=... python examples/real_provider.py --model claude-sonnet-5-5 "a page for a bakery"

    pip install componentstream openai
    OPENAI_API_KEY=... python examples/real_provider.py --model gpt-5.4 "a dashboard for a bike rental"

Any compatible server works too: name it with ``--base-url``, and set some key even if it does not check one.
The progress is written to standard error and a table of the components to standard output; the code is not
saved. ``PROTOCOL`` teaches a model the markers; use it as it is, or embed it in your own prompt.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

from componentstream import (
    ComponentBlock,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    GenerationSession,
    Grammar,
    Timeouts,
    astream,
)
from componentstream.session.session import SessionState

POSITIONS = ", ".join(sorted(Grammar().positions))
PROTOCOL = f"""\
You write web pages as React components in TypeScript (TSX), styled with Tailwind classes. A program reads
your answer while you write it, and shows each component as it grows.

Write every component between two marker lines, like this:

/// START Hero position=hero
export function Hero() {{
  return <h1 className="text-4xl">Fresh bread since 1921</h1>;
}}
/// END Hero

- Each marker is a line of its own. END takes the name of its START and nothing else.
- The name is that of the component's function: ASCII letters, digits and underscores, with a letter first.
  No two components have the same name.
- The position says where on the page the component belongs. It is one of these words:
  {POSITIONS}.
- Write the END of a component before the START of the next.
- Between the markers there is code only: complete, without placeholders and without Markdown fences. No line
  of the code begins with /// START or /// END.
- Write the components in the order in which a visitor sees them, and no other text before, between or after.
"""

# A model that thinks first may be silent for a minute, and a long page takes several minutes.
TIMEOUTS = Timeouts(generation=900.0, chunk=120.0)
MAX_TOKENS = 16_000


async def ask_anthropic(prompt: str, model: str, base_url: str | None) -> AsyncGenerator[object, None]:
    """Yield the events of an answer from Anthropic's Messages API."""
    from anthropic import AsyncAnthropic  # noqa: PLC0415 - only the chosen library need be installed

    async with AsyncAnthropic(base_url=base_url) as client:
        answer = await client.messages.create(
            model=model,
            max_tokens=MAX_TOKENS,
            system=PROTOCOL,
            messages=[{"role": "user", "content": prompt}],
            stream=True,
        )
        async with answer:
            async for event in answer:
                yield event


async def ask_openai(prompt: str, model: str, base_url: str | None) -> AsyncGenerator[object, None]:
    """Yield the chunks of an answer from OpenAI's chat completions, or a compatible server."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - only the chosen library need be installed

    async with AsyncOpenAI(base_url=base_url) as client:
        answer = await client.chat.completions.create(
            model=model,
            messages=[{"role": "system", "content": PROTOCOL}, {"role": "user", "content": prompt}],
            stream=True,
        )
        async with answer:
            async for chunk in answer:
                yield chunk


PROVIDERS = {"anthropic": ask_anthropic, "openai": ask_openai}


class Progress:
    """Shows the open components on standard error: in one line on a terminal, otherwise line by line."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, int]] = {}

    def show(self, event: Event) -> None:
        """Show the change that an event makes."""
        match event:
            case ContentBlockStart(index=index, block=ComponentBlock(name=name)):
                self._open[index] = name, 0
            case ContentBlockDelta(index=index, text=text) if index in self._open:
                name, chars = self._open[index]
                self._open[index] = name, chars + len(text)
                self._draw()
            case ContentBlockStop(index=index, reason=reason, chars=chars) if index in self._open:
                name, _ = self._open.pop(index)
                self._say(f"{name}: {chars} characters, {reason}")
            case ErrorEvent(code=code, message=message):
                self._say(f"{code}: {message}")

    def _draw(self) -> None:
        if sys.stderr.isatty():
            growing = "  ".join(f"{name} {chars}" for name, chars in self._open.values())
            print(f"\r\x1b[K{growing}", end="", file=sys.stderr, flush=True)

    def _say(self, line: str) -> None:
        print(f"\r\x1b[K{line}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def print_table(session: GenerationSession) -> None:
    """Print the components in the order in which they began."""
    row = "{:>5}  {:<24}  {:<12}  {:>6}  {}"
    print(row.format("index", "component", "position", "size", "reason"))
    for made in sorted(session.buffer.components, key=lambda component: component.index):
        print(row.format(made.index, made.name, made.position, len(made.text), made.reason))


def provider_of(model: str) -> str:
    """Return the provider of a model, for an unknown name the one that the environment has a key for."""
    if model.startswith("claude"):
        return "anthropic"
    known = not model.startswith("gpt") and "ANTHROPIC_API_KEY" in os.environ
    return "anthropic" if known else "openai"


async def main() -> int:
    """Read the arguments, ask the model, and return the exit status: 0 if the stream was complete."""
    arguments = argparse.ArgumentParser(description="Ask a real model for a page of components.")
    arguments.add_argument("prompt")
    arguments.add_argument("--provider", choices=PROVIDERS, help="default: that of the model, or of the key")
    arguments.add_argument("--model", required=True, help="name of the model")
    arguments.add_argument("--base-url", help="URL of a compatible server")
    options = arguments.parse_args()
    provider = options.provider or provider_of(options.model)
    if not os.environ.get(key := f"{provider.upper()}_API_KEY"):
        arguments.error(f"set the environment variable {key}, or choose another --provider")

    session = GenerationSession(timeouts=TIMEOUTS)
    source = PROVIDERS[provider](options.prompt, options.model, options.base_url)
    progress = Progress()
    try:
        async with aclosing(astream(source, session=session)) as events:
            async for event in events:
                progress.show(event)
    except Exception as error:  # noqa: BLE001 - the events report the failure; this prints the reason
        print(f"{type(error).__name__}: {str(error)!a}", file=sys.stderr)
    print_table(session)
    return 0 if session.state is SessionState.DONE else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
