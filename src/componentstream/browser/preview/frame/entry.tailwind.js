import "./tailwind.js";
import { start } from "./start.js";

start();
