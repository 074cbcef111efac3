"""FastAPI: Starlette's response, with the prompt as a parameter, documented in /openapi.json.

pip install "componentstream[starlette]" fastapi uvicorn
python examples/with_fastapi.py
"""

import os

import uvicorn
from fastapi import FastAPI
from model import generate

from componentstream.adapters.starlette import ComponentStreamResponse

app = FastAPI()


@app.get("/generate", response_class=ComponentStreamResponse)
async def page(prompt: str) -> ComponentStreamResponse:
    """Stream the page that the prompt asks for."""
    return ComponentStreamResponse(generate(prompt))


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    print(f'curl -N "http://127.0.0.1:{port}/generate?prompt=a+landing+page"', flush=True)
    uvicorn.run(app, port=port)
