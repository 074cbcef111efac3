/**
 * The browser client of componentstream: requests a generation, reads its events as they arrive, and builds
 * the blocks from them. It never parses markers. The types are in `componentstream.d.ts`.
 *
 *     const generation = generate("/api/generate", { prompt: "A landing page" });
 *     generation.store.subscribe(() => draw(generation.store.getSnapshot()));
 *     button.onclick = generation.stop;
 *
 * The text of a block was written by a model: show it as text, never as HTML of your own page.
 */

export { WireError } from "./client/events.js";
export { generate, restore, resume } from "./client/generate.js";
export { createHooks } from "./client/hooks.js";
export { forget, kept } from "./client/kept.js";
export { EventReader } from "./client/reader.js";
export { BlockStore } from "./client/store.js";
