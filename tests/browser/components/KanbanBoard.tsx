import React, { useReducer, useState } from "react";

type ColumnId = "todo" | "doing" | "done";

interface Task {
  id: number;
  title: string;
  column: ColumnId;
  labels: string[];
  points: number;
}

type Action =
  | { type: "move"; id: number; to: ColumnId }
  | { type: "add"; title: string }
  | { type: "remove"; id: number };

const initial: Task[] = [
  { id: 1, title: "Draw the icon set", column: "todo", labels: ["design"], points: 3 },
  { id: 2, title: "Write the migration", column: "doing", labels: ["backend", "risky"], points: 5 },
  { id: 3, title: "Fix the flaky login test", column: "doing", labels: ["qa"], points: 1 },
  { id: 4, title: "Choose a name", column: "done", labels: [], points: 8 },
];

function reducer(tasks: Task[], action: Action): Task[] {
  switch (action.type) {
    case "move":
      return tasks.map((t) => (t.id === action.id ? { ...t, column: action.to } : t));
    case "add":
      return [...tasks, { id: tasks.length + 1, title: action.title, column: "todo", labels: [], points: 1 }];
    case "remove":
      return tasks.filter((t) => t.id !== action.id);
    default: {
      const unreachable: never = action;
      return unreachable;
    }
  }
}

const COLUMNS: { id: ColumnId; title: string; accent: string }[] = [
  { id: "todo", title: "To do", accent: "border-sky-400" },
  { id: "doing", title: "In progress", accent: "border-amber-400" },
  { id: "done", title: "Done", accent: "border-emerald-400" },
];

export default function KanbanBoard() {
  const [tasks, dispatch] = useReducer(reducer, initial);
  const [dragged, setDragged] = useState<number | null>(null);
  const [draft, setDraft] = useState("");

  return (
    <div className="flex min-h-screen flex-col gap-6 bg-slate-100 p-8">
      <header className="flex items-end justify-between">
        <div>
          <h1 className="text-2xl font-bold text-slate-800">Sprint 14</h1>
          <p className="text-slate-500">{tasks.filter((t) => t.column !== "done").length} tasks to go</p>
        </div>
        <form
          className="flex gap-2"
          onSubmit={(e) => {
            e.preventDefault();
            if (!draft.trim()) return;
            dispatch({ type: "add", title: draft.trim() });
            setDraft("");
          }}
        >
          <input
            value={draft}
            onChange={(e) => setDraft(e.target.value)}
            placeholder="New task"
            className="rounded border border-slate-300 px-3 py-2"
          />
          <button className="rounded bg-slate-800 px-4 text-white">Add</button>
        </form>
      </header>
      <div className="grid flex-1 gap-4 md:grid-cols-3">
        {COLUMNS.map((column) => {
          const mine = tasks.filter((task) => task.column === column.id);
          return (
            <section
              key={column.id}
              onDragOver={(e) => e.preventDefault()}
              onDrop={() => {
                if (dragged !== null) dispatch({ type: "move", id: dragged, to: column.id });
                setDragged(null);
              }}
              className={`rounded-lg border-t-4 bg-white p-4 ${column.accent}`}
            >
              <h2 className="mb-4 flex justify-between text-sm font-semibold uppercase tracking-wide text-slate-600">
                {column.title}
                <span>{mine.reduce((sum, task) => sum + task.points, 0)} pt</span>
              </h2>
              {mine.length === 0 && <p className="text-sm italic text-slate-400">Drop something here</p>}
              <ul className="space-y-3">
                {mine.map((task) => (
                  <li
                    key={task.id}
                    draggable
                    onDragStart={() => setDragged(task.id)}
                    className="cursor-grab rounded-md border border-slate-200 p-3 shadow-sm active:cursor-grabbing"
                  >
                    <div className="flex justify-between gap-2">
                      <span>{task.title}</span>
                      <button aria-label={`Remove ${task.title}`} onClick={() => dispatch({ type: "remove", id: task.id })}>
                        &times;
                      </button>
                    </div>
                    <div className="mt-2 flex flex-wrap gap-1">
                      {task.labels.map((label) => (
                        <span key={label} className={label === "risky" ? "text-xs text-red-600" : "text-xs text-slate-500"}>
                          #{label}
                        </span>
                      ))}
                    </div>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </div>
  );
}
