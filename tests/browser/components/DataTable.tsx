import { useMemo, useState, type ReactNode } from "react";

interface Column<T> {
  key: keyof T & string;
  title: ReactNode;
  align?: "left" | "right";
  render?: (value: T[keyof T], row: T) => ReactNode;
}

interface TableProps<T extends { id: string | number }> {
  rows: readonly T[];
  columns: Column<T>[];
  pageSize?: number;
}

function Table<T extends { id: string | number }>({ rows, columns, pageSize = 4 }: TableProps<T>) {
  const [page, setPage] = useState(0);
  const pages = Math.ceil(rows.length / pageSize);
  const visible = useMemo(() => rows.slice(page * pageSize, (page + 1) * pageSize), [rows, page, pageSize]);

  return (
    <div className="overflow-hidden rounded-xl border border-gray-200">
      <table className="min-w-full divide-y divide-gray-200 text-sm">
        <thead className="bg-gray-50">
          <tr>
            {columns.map((column) => (
              <th key={column.key} className={`px-4 py-3 font-semibold ${column.align === "right" ? "text-right" : "text-left"}`}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-gray-100">
          {visible.map((row) => (
            <tr key={row.id} className="hover:bg-gray-50">
              {columns.map(({ key, align, render }) => (
                <td key={key} className={`px-4 py-3 ${align === "right" ? "text-right tabular-nums" : ""}`}>
                  {render ? render(row[key], row) : String(row[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="flex items-center justify-between bg-gray-50 px-4 py-2 text-xs text-gray-600">
        <span>
          Page {page + 1} of {pages}
        </span>
        <div className="flex gap-1">
          {Array.from({ length: pages }, (_, i) => (
            <button key={i} onClick={() => setPage(i)} className={i === page ? "rounded bg-gray-900 px-2 py-1 text-white" : "px-2 py-1"}>
              {i + 1}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

type Server = { id: number; host: string; region: string; load: number; up: boolean };

const servers: Server[] = [
  { id: 1, host: "ash-01", region: "eu-north", load: 0.34, up: true },
  { id: 2, host: "ash-02", region: "eu-north", load: 0.91, up: true },
  { id: 3, host: "elm-01", region: "us-east", load: 0.08, up: true },
  { id: 4, host: "elm-02", region: "us-east", load: 0, up: false },
  { id: 5, host: "fir-01", region: "ap-south", load: 0.55, up: true },
];

export default function DataTable() {
  return (
    <div className="mx-auto max-w-4xl p-8">
      <h1 className="mb-1 text-xl font-semibold">Servers</h1>
      <p className="mb-6 text-sm text-gray-500">{servers.filter((s) => s.up).length} of {servers.length} are up.</p>
      <Table<Server>
        rows={servers}
        columns={[
          { key: "host", title: "Host", render: (value) => <code className="font-mono">{value}</code> },
          { key: "region", title: "Region" },
          {
            key: "load",
            title: <abbr title="one-minute average">Load</abbr>,
            align: "right",
            render: (value) => {
              const load = value as number;
              return <span className={load > 0.8 ? "text-red-600" : "text-gray-700"}>{(load * 100).toFixed(0)} %</span>;
            },
          },
          { key: "up", title: "State", render: (_, row) => (row.up ? <b className="text-green-700">up</b> : <i>down</i>) },
        ]}
      />
    </div>
  );
}
