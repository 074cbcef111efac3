/** The parts of the kit with state: chosen, checked or open. Dialogs and menus open in place. */

import { classes, render } from "./kit-parts.js";

/** Groups of a trigger and a content that it opens. */
const OPENING = [
  "Dialog",
  "AlertDialog",
  "Sheet",
  "Drawer",
  "Popover",
  "HoverCard",
  "DropdownMenu",
  "ContextMenu",
];

export function createControls(React) {
  const tools = { React, h: React.createElement, useChoice: createChoice(React) };
  return {
    ...createTabs(tools),
    ...createAccordion(tools),
    ...createSelect(tools),
    ...createSwitches(tools),
    ...createTooltip(tools),
    ...Object.assign({}, ...[...OPENING, "Collapsible"].map((name) => createOpening(tools, name))),
  };
}

/** A value that its owner may control, as React's own inputs do. */
function createChoice(React) {
  return (value, initial, onChange) => {
    const [own, setOwn] = React.useState(initial);
    const change = (next) => {
      setOwn(next);
      if (typeof onChange === "function") onChange(next);
    };
    return [value === undefined ? own : value, change];
  };
}

function createTabs({ React, h, useChoice }) {
  const Chosen = React.createContext(["", () => {}]);
  return {
    Tabs: ({ value, defaultValue, onValueChange, children, className, orientation, ...props }) => {
      const choice = useChoice(value, defaultValue, onValueChange);
      return h(Chosen.Provider, { value: choice }, h("div", { className, ...props }, children));
    },
    TabsList: ({ className, ...props }) =>
      h("div", { role: "tablist", className: classes("cs-tabs-list", className), ...props }),
    TabsTrigger: ({ value, className, asChild, ...props }) => {
      const [chosen, choose] = React.useContext(Chosen);
      const isActive = chosen === value;
      const state = {
        role: "tab",
        "aria-selected": isActive,
        "data-state": isActive ? "active" : "inactive",
      };
      const own = {
        type: "button",
        ...state,
        className: classes("cs-tab", className),
        onClick: () => choose(value),
      };
      return render(React, "button", { asChild, ...own, ...props });
    },
    TabsContent: ({ value, className, children, forceMount, ...props }) => {
      const [chosen] = React.useContext(Chosen);
      const isHidden = chosen !== undefined && chosen !== value;
      return h("div", { role: "tabpanel", hidden: isHidden, className, ...props }, children);
    },
  };
}

function createAccordion({ React, h, useChoice }) {
  const Chosen = React.createContext([[], () => {}]);
  const Item = React.createContext("");
  const listOf = (value) => (value === undefined ? value : [].concat(value));
  return {
    Accordion: ({ type, value, defaultValue, onValueChange, collapsible, className, children, ...props }) => {
      const [open, setOpen] = useChoice(listOf(value), listOf(defaultValue) ?? [], onValueChange);
      const toggle = (name) => {
        const others = type === "multiple" ? open.filter((one) => one !== name) : [];
        setOpen(open.includes(name) ? others : [...others, name]);
      };
      return h(Chosen.Provider, { value: [open ?? [], toggle] }, h("div", { className, ...props }, children));
    },
    AccordionItem: ({ value, className, children, ...props }) => {
      const id = React.useId();
      const item = h("div", { className: classes("cs-item", className), ...props }, children);
      return h(Item.Provider, { value: value ?? id }, item);
    },
    AccordionTrigger: ({ className, children, ...props }) => {
      const [open, toggle] = React.useContext(Chosen);
      const name = React.useContext(Item);
      const own = {
        type: "button",
        className: classes("cs-trigger", className),
        "aria-expanded": open.includes(name),
      };
      const sign = h("span", { "aria-hidden": true }, "▾");
      return h("button", { ...own, onClick: () => toggle(name), ...props }, h("span", null, children), sign);
    },
    AccordionContent: ({ className, children, ...props }) => {
      const [open] = React.useContext(Chosen);
      const isHidden = !open.includes(React.useContext(Item));
      return h("div", { className: classes("cs-panel", className), hidden: isHidden, ...props }, children);
    },
  };
}

function createOpening({ React, h, useChoice }, name) {
  const Open = React.createContext([false, () => {}]);
  const isPlain = name === "Collapsible";
  const group = ({
    open,
    defaultOpen = false,
    onOpenChange,
    children,
    className,
    asChild,
    modal,
    ...props
  }) => {
    const choice = useChoice(open, defaultOpen, onOpenChange);
    return h(
      Open.Provider,
      { value: choice },
      isPlain ? h("div", { className, ...props }, children) : children,
    );
  };
  const button = (value) =>
    function OpeningButton({ onClick, children, ...props }) {
      const [isOpen, setOpen] = React.useContext(Open);
      const press = (event) => {
        if (typeof onClick === "function") onClick(event);
        setOpen(value ?? !isOpen);
      };
      const state = value === undefined ? { "aria-expanded": Boolean(isOpen) } : {};
      return render(React, "button", { type: "button", ...state, ...props, onClick: press, children });
    };
  const content = ({ className, children, asChild, side, align, sideOffset, forceMount, ...props }) => {
    const [isOpen] = React.useContext(Open);
    if (!isOpen) return null;
    return h("div", { className: classes(!isPlain && "cs-surface", className), ...props }, children);
  };
  const part = (tag, own) => (props) =>
    render(React, tag, { ...props, className: classes(own, props.className) });
  return {
    [name]: group,
    [`${name}Trigger`]: button(),
    [`${name}Close`]: button(false),
    [`${name}Cancel`]: button(false),
    [`${name}Action`]: button(false),
    [`${name}Content`]: content,
    [`${name}Portal`]: ({ children }) => children ?? null,
    [`${name}Overlay`]: () => null,
    [`${name}Header`]: part("div"),
    [`${name}Footer`]: part("div", "cs-row"),
    [`${name}Title`]: part("h2", "cs-title"),
    [`${name}Description`]: part("p", "cs-description"),
    [`${name}Item`]: part("div"),
    [`${name}Label`]: part("div", "cs-label"),
    [`${name}Group`]: part("div"),
    [`${name}Separator`]: part("div", "cs-separator"),
  };
}

function createSelect({ React, h, useChoice }) {
  const Select = React.createContext({});
  return {
    Select: ({ value, defaultValue, onValueChange, children, ...props }) => {
      const [chosen, choose] = useChoice(value, defaultValue, onValueChange);
      const [isOpen, setOpen] = React.useState(false);
      if (isPlainSelect(React, children)) {
        const onChange = (event) => (props.onChange ?? (() => choose(event.target.value)))(event);
        return h("select", { className: "cs-field", value, defaultValue, ...props, onChange }, children);
      }
      return h(Select.Provider, { value: { chosen, choose, isOpen, setOpen } }, children);
    },
    SelectTrigger: ({ className, children, ...props }) => {
      const { isOpen, setOpen } = React.useContext(Select);
      const own = {
        type: "button",
        className: classes("cs-field", className),
        "aria-expanded": Boolean(isOpen),
      };
      return h("button", { ...own, onClick: () => setOpen?.(!isOpen), ...props }, children);
    },
    SelectValue: ({ placeholder }) => h("span", null, React.useContext(Select).chosen ?? placeholder ?? ""),
    SelectContent: ({ className, children }) =>
      React.useContext(Select).isOpen
        ? h("div", { className: classes("cs-surface", className) }, children)
        : null,
    SelectGroup: ({ children }) => children ?? null,
    SelectLabel: ({ children, className }) =>
      h("div", { className: classes("cs-label", className) }, children),
    SelectSeparator: () => null,
    SelectItem: ({ value, className, children }) => {
      const { choose, setOpen } = React.useContext(Select);
      const onClick = () => {
        choose?.(value);
        setOpen?.(false);
      };
      return h(
        "button",
        { type: "button", className: classes("cs-button cs-ghost cs-sm", className), onClick },
        children,
      );
    },
  };
}

function isPlainSelect(React, children) {
  return React.Children.toArray(children).some((child) => child?.type === "option");
}

function createSwitches({ h, useChoice }) {
  const toggle = (role, own) =>
    function Toggle({ checked, defaultChecked = false, onCheckedChange, pressed, className, ...props }) {
      const [isOn, set] = useChoice(checked ?? pressed, defaultChecked, onCheckedChange);
      const state = { role, "aria-checked": Boolean(isOn), className: classes(own, className) };
      return h("button", { type: "button", ...state, onClick: () => set(!isOn), ...props });
    };
  return {
    Switch: toggle("switch", "cs-switch"),
    Toggle: toggle("checkbox", "cs-button cs-outline cs-sm"),
    Checkbox: ({ checked, defaultChecked = false, onCheckedChange, ...props }) => {
      const [isOn, set] = useChoice(checked, defaultChecked, onCheckedChange);
      return h("input", { type: "checkbox", checked: isOn === true, onChange: () => set(!isOn), ...props });
    },
    Slider: ({
      value,
      defaultValue = [50],
      onValueChange,
      className,
      min = 0,
      max = 100,
      step,
      ...props
    }) => {
      const [now, set] = useChoice(value, defaultValue, onValueChange);
      const onChange = (event) => set([Number(event.target.value)]);
      const own = { type: "range", className: classes("cs-slider", className), min, max, step, ...props };
      return h("input", { ...own, value: [].concat(now)[0] ?? min, onChange });
    },
  };
}

function createTooltip({ React }) {
  const Children = ({ children }) => children ?? null;
  return {
    TooltipProvider: Children,
    Tooltip: Children,
    TooltipTrigger: (props) => render(React, "button", { type: "button", ...props }),
    TooltipContent: () => null,
    SidebarProvider: Children,
    ThemeProvider: Children,
    Form: Children,
    FormField: ({ render: show }) =>
      typeof show === "function" ? show({ field: {}, fieldState: {} }) : null,
    Toaster: () => null,
  };
}
