import * as motion from "framer-motion";
import * as recharts from "recharts";

import "./tailwind.js";
import { start } from "./start.js";

start({ "framer-motion": motion, recharts });
