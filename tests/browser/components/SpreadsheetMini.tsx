import { useState, useMemo, type KeyboardEvent } from "react";

type Cells = Record<string, string>;

const COLUMNS = ["A", "B", "C", "D"];
const ROWS = [1, 2, 3, 4, 5];

const initial: Cells = {
  A1: "Item", B1: "Price", C1: "Count", D1: "Sum",
  A2: "Nails", B2: "0.05", C2: "400", D2: "=B2*C2",
  A3: "Planks", B3: "7.2", C3: "12", D3: "=B3*C3",
  A5: "Total", D5: "=D2+D3",
};

/**
 * Evaluates a cell. Formulas know references, numbers and + - * /.
 * "#LOOP" and "#ERR" are values like any other.
 */
function evaluate(cells: Cells, ref: string, seen: string[] = []): string {
  const raw = cells[ref] ?? "";
  if (!raw.startsWith("=")) return raw;
  if (seen.includes(ref)) return "#LOOP";

  const tokens = raw.slice(1).match(/[A-D][1-5]|\d+(?:\.\d+)?|[-+*/]/g) ?? [];
  let result: number | undefined;
  let operator = "+";
  for (const token of tokens) {
    if (/^[-+*/]$/.test(token)) {
      operator = token;
      continue;
    }
    const value = Number(/^[A-D]/.test(token) ? evaluate(cells, token, [...seen, ref]) : token);
    if (Number.isNaN(value)) return "#ERR";
    if (result === undefined) result = value;
    else if (operator === "+") result += value;
    else if (operator === "-") result -= value;
    else if (operator === "*") result *= value;
    else result /= value;
  }
  return result === undefined ? "" : String(Math.round(result * 100) / 100);
}

export default function SpreadsheetMini() {
  const [cells, setCells] = useState(initial);
  const [selected, setSelected] = useState("D2");

  const values = useMemo(() => {
    const all: Cells = {};
    for (const column of COLUMNS) for (const row of ROWS) all[column + row] = evaluate(cells, column + row);
    return all;
  }, [cells]);

  const move = (event: KeyboardEvent) => {
    const column = COLUMNS.indexOf(selected[0]);
    const row = Number(selected[1]);
    if (event.key === "ArrowDown" && row < 5) setSelected(COLUMNS[column] + (row + 1));
    if (event.key === "ArrowUp" && row > 1) setSelected(COLUMNS[column] + (row - 1));
    if (event.key === "ArrowRight" && column < 3) setSelected(COLUMNS[column + 1] + row);
    if (event.key === "ArrowLeft" && column > 0) setSelected(COLUMNS[column - 1] + row);
  };

  return (
    <div className="m-8 w-max overflow-hidden rounded border border-gray-300 bg-white text-sm" onKeyDown={move} tabIndex={0}>
      <div className="flex border-b bg-gray-50">
        <b className="w-12 border-r px-2 py-1 text-center">{selected}</b>
        <input
          aria-label={`Formula of ${selected}`}
          value={cells[selected] ?? ""}
          onChange={(e) => setCells({ ...cells, [selected]: e.target.value })}
          className="flex-1 px-2 font-mono outline-none"
        />
      </div>
      <table className="border-collapse">
        <thead>
          <tr>
            <th className="w-12 bg-gray-100" />
            {COLUMNS.map((column) => (
              <th key={column} className={`w-28 border-l py-1 font-normal ${column === selected[0] ? "bg-green-100" : "bg-gray-100"}`}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ROWS.map((row) => (
            <tr key={row}>
              <th className="border-t bg-gray-100 font-normal">{row}</th>
              {COLUMNS.map((column) => {
                const ref = `${column}${row}`;
                const value = values[ref];
                const numeric = value !== "" && !isNaN(+value);
                return (
                  <td
                    key={ref}
                    onClick={() => setSelected(ref)}
                    className={`border-l border-t px-2 py-1 ${numeric ? "text-right tabular-nums" : ""} ${value.startsWith("#") ? "text-red-600" : ""} ${
                      ref === selected ? "outline outline-2 -outline-offset-2 outline-green-700" : ""
                    }`}
                  >
                    {value}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
