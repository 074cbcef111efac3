/**
 * A small kit of components under the names of shadcn/ui, so that pages which import or simply use them look like
 * pages. Everything is plain elements with a few styles; dialogs open in place.
 */

import { createControls } from "./kit-controls.js";
import { createIcons } from "./icons.js";
import { classes, createParts } from "./kit-parts.js";
import { memoized, softValue } from "./soft.js";

export function createKit({ React, icons }) {
  const parts = createParts(React);
  const components = { ...parts, ...createControls(React, parts) };
  attachMembers(components);
  components.Icons = createIcons(React, icons).Icons;
  const media = mediaOf(components);
  components.Placeholder = new Proxy(components.PlaceholderImage, {
    get: (target, key) => media[key] ?? target[key],
  });
  const helpers = helpersOf();
  const lookup = (name) =>
    Object.hasOwn(components, name)
      ? components[name]
      : Object.hasOwn(helpers, name)
        ? helpers[name]
        : undefined;
  const standIn = memoized((name) => labeledBox(React, name));
  return { components, lookup, standIn, module: { ...components, ...helpers } };
}

/** A component of a package that is not bundled: its children, or a box with its name. */
function labeledBox(React, name) {
  const Box = ({ children }) => children ?? React.createElement("div", { className: "cs-box" }, name);
  return Object.assign(Box, { displayName: name });
}

/** Make `Card.Header` of `CardHeader`. */
function attachMembers(components) {
  const names = Object.keys(components);
  for (const name of names) {
    for (const longer of names) {
      const rest = longer.slice(name.length);
      if (longer.startsWith(name) && /^[A-Z]/.test(rest)) components[name][rest] ??= components[longer];
    }
  }
  for (const name of names) components[name].Root ??= components[name];
}

function mediaOf({ PlaceholderImage, PlaceholderVideo, PlaceholderAvatar }) {
  return {
    Image: PlaceholderImage,
    Video: PlaceholderVideo,
    Avatar: PlaceholderAvatar,
    Chart: PlaceholderImage,
    Map: PlaceholderImage,
    Logo: PlaceholderAvatar,
    Icon: PlaceholderAvatar,
    Text: PlaceholderImage,
  };
}

function helpersOf() {
  const toast = Object.assign(() => {}, {
    success() {},
    error() {},
    info() {},
    warning() {},
    loading() {},
    dismiss() {},
  });
  return {
    buttonVariants: ({ variant, size, className } = {}) =>
      classes("cs-button", variant && `cs-${variant}`, size && `cs-${size}`, className),
    badgeVariants: ({ variant, className } = {}) =>
      classes("cs-badge", variant && `cs-${variant}`, className),
    navigationMenuTriggerStyle: () => "cs-button cs-ghost",
    toast,
    useToast: () => ({ toast, toasts: [], dismiss() {} }),
    useSidebar: () => ({ open: true, setOpen() {}, toggleSidebar() {}, isMobile: false, state: "expanded" }),
    useForm: softValue("useForm"),
  };
}
