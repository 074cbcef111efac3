"""FastAPI: Starlette's response, documented in /openapi.json, and a page that uses the browser client.

pip install "componentstream[starlette]" fastapi uvicorn
python examples/with_fastapi.py
"""

import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse
from model import generate
from pydantic import BaseModel

from componentstream.adapters.starlette import ComponentStreamResponse
from componentstream.browser.routes import browser_routes


class Question(BaseModel):
    """The body of a POST."""

    prompt: str


app = FastAPI()
app.router.routes.extend(browser_routes("/componentstream"))


@app.get("/generate", response_class=ComponentStreamResponse)
async def page(prompt: str) -> ComponentStreamResponse:
    """Stream the page that the prompt in the query asks for."""
    return ComponentStreamResponse(generate(prompt))


@app.post("/generate", response_class=ComponentStreamResponse)
async def posted_page(question: Question) -> ComponentStreamResponse:
    """Stream the page that the prompt in the body asks for."""
    return ComponentStreamResponse(generate(question.prompt))


@app.get("/")
async def index() -> FileResponse:
    """Return the page that asks for pages."""
    return FileResponse(Path(__file__).with_name("page.html"))


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f"http://127.0.0.1:{port}/ in a browser, or:", flush=True)
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
