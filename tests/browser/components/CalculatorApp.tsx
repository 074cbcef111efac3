import React from 'react';

const KEYS = [
  ['C', '±', '%', '÷'],
  ['7', '8', '9', '×'],
  ['4', '5', '6', '−'],
  ['1', '2', '3', '+'],
  ['0', '.', '='],
];

type State = { display: string; stored: number | null; operator: string | null; fresh: boolean };

const compute = (a: number, b: number, operator: string): number => {
  switch (operator) {
    case '÷': return b === 0 ? NaN : a / b;
    case '×': return a * b;
    case '−': return a - b;
    case '+': return a + b;
    default: return b;
  }
};

const press = (state: State, key: string): State => {
  const value = parseFloat(state.display);
  if (/^\d$/.test(key)) {
    return { ...state, display: state.fresh || state.display === '0' ? key : state.display + key, fresh: false };
  }
  if (key === '.') return state.display.includes('.') ? state : { ...state, display: state.display + '.', fresh: false };
  if (key === 'C') return { display: '0', stored: null, operator: null, fresh: true };
  if (key === '±') return { ...state, display: String(-value) };
  if (key === '%') return { ...state, display: String(value / 100) };

  const result = state.operator !== null && state.stored !== null && !state.fresh ? compute(state.stored, value, state.operator) : value;
  return {
    display: Number.isNaN(result) ? 'Error' : String(Math.round(result * 1e10) / 1e10),
    stored: result,
    operator: key === '=' ? null : key,
    fresh: true,
  };
};

function CalculatorApp() {
  const [state, send] = React.useReducer(press, { display: '0', stored: null, operator: null, fresh: true });

  const look = (key: string) => {
    if ('÷×−+='.includes(key)) return key === state.operator ? 'bg-white text-orange-500' : 'bg-orange-500 text-white';
    if ('C±%'.includes(key)) return 'bg-neutral-400 text-black';
    return 'bg-neutral-700 text-white';
  };

  return (
    <main className="mx-auto w-72 select-none rounded-[2.5rem] bg-black p-5">
      <div aria-live="polite" className="mb-4 h-20 overflow-hidden text-right font-light leading-[5rem] text-white" style={{ fontSize: state.display.length > 8 ? 32 : 56 }}>
        {state.display}
      </div>
      <div className="flex flex-col gap-3">
        {KEYS.map((row, r) => (
          <div key={r} className="grid grid-cols-4 gap-3">
            {row.map((key) => (
              <button
                key={key}
                onClick={() => send(key)}
                className={`h-14 rounded-full text-xl transition active:brightness-125 ${key === '0' ? 'col-span-2 pl-6 text-left' : ''} ${look(key)}`}
              >
                {key}
              </button>
            ))}
          </div>
        ))}
      </div>
    </main>
  );
}

export { CalculatorApp as default };
