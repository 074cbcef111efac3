/** Adds the theme of the Tailwind packs before Tailwind starts, so that it compiles once. */

import theme from "./tailwind.css";

const element = document.createElement("style");
element.type = "text/tailwindcss";
element.textContent = theme;
document.head.append(element);
