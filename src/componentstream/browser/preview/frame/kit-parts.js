/** The parts of the kit without state: a tag, a class and the given props. */

import { grayImage } from "./react.js";

/** Tag and class by name. */
const PLAIN = {
  Card: ["div", "cs-card"],
  CardHeader: ["div", "cs-card-header"],
  CardTitle: ["h3", "cs-title"],
  CardDescription: ["p", "cs-description"],
  CardContent: ["div", "cs-card-content"],
  CardBody: ["div", "cs-card-content"],
  CardAction: ["div"],
  CardFooter: ["div", "cs-card-footer"],
  Label: ["label", "cs-label"],
  Alert: ["div", "cs-alert"],
  AlertTitle: ["h5", "cs-title"],
  AlertDescription: ["div", "cs-description"],
  Skeleton: ["div", "cs-skeleton"],
  Table: ["table", "cs-table"],
  TableHeader: ["thead"],
  TableBody: ["tbody"],
  TableFooter: ["tfoot"],
  TableRow: ["tr"],
  TableHead: ["th"],
  TableCell: ["td"],
  TableCaption: ["caption"],
  NavigationMenu: ["nav", "cs-row"],
  NavigationMenuList: ["ul", "cs-list"],
  NavigationMenuItem: ["li"],
  NavigationMenuTrigger: ["button", "cs-button cs-ghost"],
  NavigationMenuContent: ["div"],
  NavigationMenuLink: ["a"],
  NavigationMenuIndicator: ["div"],
  NavigationMenuViewport: ["div"],
  Menubar: ["div", "cs-row"],
  Breadcrumb: ["nav"],
  BreadcrumbList: ["ol", "cs-list"],
  BreadcrumbItem: ["li"],
  BreadcrumbLink: ["a"],
  BreadcrumbPage: ["span"],
  BreadcrumbSeparator: ["li"],
  Pagination: ["nav"],
  PaginationContent: ["ul", "cs-list"],
  PaginationItem: ["li"],
  PaginationLink: ["a", "cs-button cs-ghost cs-sm"],
  PaginationPrevious: ["a", "cs-button cs-ghost cs-sm"],
  PaginationNext: ["a", "cs-button cs-ghost cs-sm"],
  PaginationEllipsis: ["span"],
  ScrollArea: ["div"],
  ScrollBar: ["div"],
  AspectRatio: ["div"],
  Carousel: ["div"],
  CarouselContent: ["div", "cs-row"],
  CarouselItem: ["div"],
  CarouselPrevious: ["button", "cs-button cs-outline cs-icon"],
  CarouselNext: ["button", "cs-button cs-outline cs-icon"],
  ToggleGroup: ["div", "cs-row"],
  ToggleGroupItem: ["button", "cs-button cs-outline cs-sm"],
  RadioGroup: ["div"],
  FormItem: ["div"],
  FormLabel: ["label", "cs-label"],
  FormControl: ["div"],
  FormDescription: ["p", "cs-description"],
  FormMessage: ["p", "cs-description"],
  Sidebar: ["aside"],
  SidebarHeader: ["div"],
  SidebarContent: ["div"],
  SidebarFooter: ["div"],
  SidebarGroup: ["div"],
  SidebarGroupLabel: ["div", "cs-label"],
  SidebarGroupContent: ["div"],
  SidebarMenu: ["ul", "cs-list"],
  SidebarMenuItem: ["li"],
  SidebarMenuButton: ["button", "cs-button cs-ghost"],
  SidebarInset: ["div"],
  SidebarTrigger: ["button", "cs-button cs-ghost cs-icon"],
  Kbd: ["kbd"],
};

/** Props of the originals that an element does not have. */
const NOT_DOM = new Set(
  (
    "asChild variant size orientation decorative ratio viewport collapsible side align sideOffset isActive " +
    "opts plugins index value"
  ).split(" "),
);

export function classes(...names) {
  return names.filter(Boolean).join(" ");
}

export function createParts(React) {
  const h = React.createElement;
  const parts = {};
  for (const [name, [tag, own]] of Object.entries(PLAIN)) {
    parts[name] = ({ className, ...props }) =>
      render(React, tag, { className: classes(own, className), ...props });
  }
  parts.Button = ({ variant, size, className, ...props }) => {
    const own = classes("cs-button", kindOf(variant), kindOf(size), className);
    return render(React, "button", { type: "button", className: own, ...props });
  };
  parts.Badge = ({ variant, className, ...props }) =>
    render(React, "span", { className: classes("cs-badge", kindOf(variant), className), ...props });
  parts.Separator = ({ className, orientation = "horizontal", ...props }) => {
    const own = {
      role: "none",
      "data-orientation": orientation,
      className: classes("cs-separator", className),
    };
    return render(React, "div", { ...own, ...props });
  };
  parts.Input = ({ className, ...props }) =>
    h("input", { className: classes("cs-field", className), ...props });
  parts.Textarea = ({ className, ...props }) =>
    h("textarea", { className: classes("cs-field", className), ...props });
  parts.Progress = ({ className, value, max = 100 }) =>
    h("progress", { className: classes("cs-progress", className), value: Number(value) || 0, max });
  parts.RadioGroupItem = ({ className, ...props }) => h("input", { type: "radio", className, ...props });
  return { ...parts, ...createMedia(React, parts) };
}

function kindOf(name) {
  return typeof name === "string" && name !== "default" && name !== "primary" ? `cs-${name}` : null;
}

/** Render an element, or with `asChild` its only child with the same props. */
export function render(React, tag, { asChild, children, ...props }) {
  const own = Object.fromEntries(
    Object.entries(props).filter(([name, value]) => !NOT_DOM.has(name) && value !== ""),
  );
  if (props.value !== undefined && tag === "button") own.value = props.value;
  if (!asChild || !React.isValidElement(children)) return React.createElement(tag, own, children);
  if (typeof children.type === "string" && children.type !== "button") delete own.type;
  return React.cloneElement(children, {
    ...own,
    className: classes(own.className, children.props.className),
  });
}

function createMedia(React, parts) {
  const h = React.createElement;
  const box = (name) =>
    function PlaceholderBox({ className, label, alt, text, width, height, style, children }) {
      const words = children ?? label ?? alt ?? text ?? name;
      const own = { role: "img", "aria-label": typeof words === "string" ? words : name };
      return h(
        "div",
        { ...own, className: classes("cs-box cs-media", className), style: { width, height, ...style } },
        words,
      );
    };
  return {
    PlaceholderImage: box("Image"),
    PlaceholderVideo: box("Video"),
    PlaceholderAvatar: ({ className, name, label, initials, alt, children }) =>
      h(
        "span",
        {
          className: classes("cs-avatar", className),
          role: "img",
          "aria-label": name ?? label ?? alt ?? "Avatar",
        },
        children ?? initials ?? initialsOf(name ?? label ?? alt),
      ),
    Link: ({ href, to, className, children, ...props }) => {
      const target = typeof href === "object" ? href?.pathname : (href ?? to);
      const { prefetch, replace, scroll, shallow, passHref, legacyBehavior, ...kept } = props;
      return h(
        "a",
        { href: target, className: typeof className === "function" ? undefined : className, ...kept },
        children,
      );
    },
    Image: ({
      src,
      alt,
      fill,
      priority,
      quality,
      placeholder,
      blurDataURL,
      loader,
      unoptimized,
      style,
      ...props
    }) => {
      const cover = fill ? { position: "absolute", inset: 0, width: "100%", height: "100%" } : null;
      return h("img", {
        src: src === undefined || alt === undefined ? undefined : grayImage(alt),
        alt,
        style: { ...cover, ...style },
        ...props,
      });
    },
    Avatar: ({ className, ...props }) => h("span", { className: classes("cs-avatar", className), ...props }),
    AvatarImage: () => null,
    AvatarFallback: ({ className, children }) => h("span", { className }, children),
  };
}

function initialsOf(name) {
  if (typeof name !== "string") return "";
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}
