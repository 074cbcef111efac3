import React, { useReducer, useState, useCallback } from 'react';

// ---- types ---------------------------------------------------------------

type Todo = {
  id: number;
  title: string;
  done: boolean;
};

type Filter = 'all' | 'open' | 'done';

type Action =
  | { type: 'add'; title: string }
  | { type: 'toggle'; id: number }
  | { type: 'remove'; id: number }
  | { type: 'clear' };

// ---- state ---------------------------------------------------------------

const initial: Todo[] = [
  { id: 1, title: 'Water the lemon tree', done: true },
  { id: 2, title: 'Answer Marta', done: false },
  { id: 3, title: 'Buy a 10 mm drill bit', done: false },
];

function reducer(state: Todo[], action: Action): Todo[] {
  switch (action.type) {
    case 'add':
      return [...state, { id: Math.max(0, ...state.map((t) => t.id)) + 1, title: action.title, done: false }];
    case 'toggle':
      return state.map((t) => (t.id === action.id ? { ...t, done: !t.done } : t));
    case 'remove':
      return state.filter((t) => t.id !== action.id);
    case 'clear':
      return state.filter((t) => !t.done);
    default:
      return state;
  }
}

const FILTERS: Record<Filter, (todo: Todo) => boolean> = {
  all: () => true,
  open: (todo) => !todo.done,
  done: (todo) => todo.done,
};

export const TodoList = () => {
  const [todos, dispatch] = useReducer(reducer, initial);
  const [filter, setFilter] = useState<Filter>('all');
  const [draft, setDraft] = useState('');

  const add = useCallback(
    (event: React.FormEvent) => {
      event.preventDefault();
      if (!draft.trim()) return;
      dispatch({ type: 'add', title: draft.trim() });
      setDraft('');
    },
    [draft],
  );

  const left = todos.filter((t) => !t.done).length;

  return (
    <div className="mx-auto mt-10 max-w-md rounded-lg bg-white p-6 shadow-md">
      <h1 className="mb-4 text-2xl font-light tracking-wide text-rose-700">Things to do</h1>
      <form onSubmit={add} className="mb-4 flex gap-2">
        <input
          className="flex-grow rounded border px-3 py-2"
          placeholder="What needs to be done?"
          value={draft}
          onChange={(e) => setDraft(e.target.value)}
        />
        <button type="submit" className="rounded bg-rose-700 px-4 text-white">
          Add
        </button>
      </form>
      <ul className="divide-y">
        {todos.filter(FILTERS[filter]).map((todo) => (
          <li key={todo.id} className="flex items-center gap-3 py-2">
            <input type="checkbox" checked={todo.done} onChange={() => dispatch({ type: 'toggle', id: todo.id })} />
            <span className={todo.done ? 'flex-1 text-gray-400 line-through' : 'flex-1'}>{todo.title}</span>
            <button onClick={() => dispatch({ type: 'remove', id: todo.id })} aria-label={`Remove ${todo.title}`}>
              &times;
            </button>
          </li>
        ))}
      </ul>
      <footer className="mt-4 flex items-center justify-between text-sm text-gray-500">
        <span>
          {left} {left === 1 ? 'item' : 'items'} left
        </span>
        <div className="space-x-2">
          {(Object.keys(FILTERS) as Filter[]).map((name) => (
            <button key={name} onClick={() => setFilter(name)} className={filter === name ? 'underline' : undefined}>
              {name}
            </button>
          ))}
        </div>
        <button onClick={() => dispatch({ type: 'clear' })}>Clear done</button>
      </footer>
    </div>
  );
};

export default TodoList;
