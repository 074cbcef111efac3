// The types of the healer, compiled under strict rules by the tests; never run.
import { Healer, type Healed, type HealerOptions, type Statement } from "../../../src/componentstream/browser/heal.js";

const options: HealerOptions = { root: "Hero" };
const healer: Healer = new Healer(options).feed("const a = 1;").end();
const { code, shown, complete, name }: Healed = healer.heal();
const statements: Statement[] = healer.statements();
export const used: [string, number, boolean, string | null, number] = [code, shown, complete, name, statements.length];

new Healer();
new Healer({ root: null });
// @ts-expect-error A piece is a string.
healer.feed(1);
// @ts-expect-error The result cannot be changed.
healer.heal().code = "";
