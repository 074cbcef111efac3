/** Measures, inside a page, how long the runtime of the preview takes for each delta of a component. */

import React from "react";
import { createPortal, flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { transform } from "sucrase";

import { createRuntime } from "../src/componentstream/browser/preview/frame/runtime.js";

/**
 * Stream a component in deltas of `size` characters. Returns for each delta the milliseconds to heal, compile,
 * evaluate and commit it, and whether it changed the page.
 */
window.measure = (name, text, size) => {
  const place = document.createElement("div");
  document.body.replaceChildren(place);
  const runtime = createRuntime({ React, transform, portal: { createPortal, document } });
  const ignore = () => {};
  const root = createRoot(place, { onCaughtError: ignore, onUncaughtError: ignore });
  const content_block = { type: "component", name, position: "main", attributes: {}, parent: null };
  runtime.apply({ type: "content_block_start", index: 0, content_block });
  const times = [];
  for (let at = 0; at < text.length; at += size) {
    const delta = { type: "text_delta", text: text.slice(at, at + size) };
    const { compiled } = runtime.counts;
    const start = performance.now();
    runtime.apply({ type: "content_block_delta", index: 0, delta });
    flushSync(() => root.render(runtime.element()));
    times.push({ ms: performance.now() - start, changed: runtime.counts.compiled > compiled, at });
  }
  const { status } = runtime.blocks()[0];
  root.unmount();
  return { times, status };
};
