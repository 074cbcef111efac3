import "./tailwind-theme.js";
import "@tailwindcss/browser";
