/**
 * Starts a frame: connects the runtime to the host page by messages and renders with an adaptive gap. The host
 * believes none of the messages; they are told in `host.js`.
 */

import React from "react";
import { createPortal, flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { transform } from "sucrase";
import * as icons from "lucide-react";
import { clsx } from "clsx";
import { twMerge } from "tailwind-merge";
import { cva } from "class-variance-authority";

import { createGuards } from "./guards.js";
import { installPrelude, scrollToTarget } from "./prelude.js";
import { createRuntime } from "./runtime.js";
import { Scheduler } from "./scheduler.js";
import style from "./style.css";

export function start(modules = {}) {
  const post = window.parent.postMessage.bind(window.parent);
  const send = (message) => post(message, "*");
  addStyle(style);
  installPrelude(window);
  const runtime = createRuntime({
    React,
    transform,
    modules: {
      "lucide-react": icons,
      clsx,
      "tailwind-merge": twMerge,
      "class-variance-authority": cva,
      ...modules,
    },
    portal: { createPortal, document },
    guards: createGuards(window, (hash) => scrollToTarget(window, hash)),
    onStatus: (index, status, message) =>
      send({ type: "status", index, status, ...(message && { message }) }),
  });
  const ignore = () => {};
  const root = createRoot(document.getElementById("page"), {
    onCaughtError: ignore,
    onUncaughtError: ignore,
    onRecoverableError: ignore,
  });
  const render = (index) => flushSync(() => root.render(runtime.element(index)));
  const announce = (index) => send({ type: "rendering", index });
  const scheduler = new Scheduler({ runtime, render, announce });
  listen(runtime, scheduler, send);
  watchHeight(send);
  send({ type: "ready" });
}

function addStyle(text) {
  const element = document.createElement("style");
  element.textContent = text;
  document.head.append(element);
}

function listen(runtime, scheduler, send) {
  const actions = {
    ping: ({ n }) => send({ type: "pong", n }),
    theme: ({ theme }) => applyTheme(theme),
    events: ({ events }) => {
      for (const event of events) runtime.apply(event);
      scheduler.wake();
    },
    run: ({ index }) => {
      runtime.run(index);
      scheduler.wake();
    },
    hold: ({ index }) => {
      runtime.hold(index);
      scheduler.wake();
    },
  };
  const host = window.parent;
  window.addEventListener("message", (event) => {
    if (event.source === host) actions[event.data?.type]?.(event.data);
  });
}

function applyTheme(theme) {
  const isDark = theme === "dark";
  document.documentElement.classList.toggle("dark", isDark);
  document.documentElement.style.colorScheme = isDark ? "dark" : "light";
}

function watchHeight(send) {
  let last = -1;
  const page = document.getElementById("page");
  new ResizeObserver(() => {
    const height = Math.ceil(page.getBoundingClientRect().height);
    if (height !== last) send({ type: "height", height });
    last = height;
  }).observe(page);
}
