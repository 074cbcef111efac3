import { generate, restore, resume } from "./generate.js";
import { BlockStore } from "./store.js";

/** Return hooks for React; `React` is the module, so that this client needs no package and no build step. */
export function createHooks(React) {
  const { useCallback, useEffect, useRef, useState, useSyncExternalStore } = React;

  /**
   * Return the snapshot of a generation with `generate(request)`, `resume(streamId)` and `stop()`, which stay
   * the same functions. With the option `keep`, a generation from before a reload of the page is continued.
   */
  function useGeneration(url, options = {}) {
    const [store] = useState(() => options.store ?? new BlockStore());
    const current = useRef(null);
    const latest = useRef({ url, options });
    useEffect(() => {
      latest.current = { url, options };
    });
    const begin = useCallback(
      (open) => {
        current.current?.stop();
        current.current = open(latest.current.url, { ...latest.current.options, store });
        return current.current;
      },
      [store],
    );
    const keep = options.keep ?? null;
    useEffect(() => {
      if (keep !== null) current.current = restore(keep, { ...latest.current.options, store });
      return () => {
        // A kept generation can be continued by the next page; any other has lost its only client.
        if (keep === null) current.current?.stop();
        else current.current?.leave();
        current.current = null;
      };
    }, [keep, store]);
    const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
    return {
      ...snapshot,
      store,
      generate: useCallback((request) => begin((to, given) => generate(to, request, given)), [begin]),
      resume: useCallback((streamId) => begin((to, given) => resume(to, streamId, given)), [begin]),
      stop: useCallback(() => current.current?.stop(), []),
    };
  }

  /** Return one block of a store, undefined until it has started; renders only when this block changes. */
  function useBlock(store, index) {
    const getBlock = () => store.getBlock(index);
    return useSyncExternalStore(store.subscribe, getBlock, getBlock);
  }

  return { useGeneration, useBlock };
}
