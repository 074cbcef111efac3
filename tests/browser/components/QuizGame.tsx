import { useReducer } from "react";

const QUESTIONS = [
  { text: "How many hearts does an octopus have?", answers: ["One", "Two", "Three", "Eight"], right: 2 },
  { text: "Which of these is a berry?", answers: ["Strawberry", "Banana", "Raspberry", "Blackberry"], right: 1 },
  { text: "What is 7 × 8?", answers: ["54", "56", "58", "63"], right: 1 },
];

interface State {
  step: number;
  picked: number | null;
  score: number;
  phase: "asking" | "answered" | "over";
}

type Action = { type: "pick"; answer: number } | { type: "next" } | { type: "restart" };

const start: State = { step: 0, picked: null, score: 0, phase: "asking" };

const reducer = (state: State, action: Action): State => {
  switch (action.type) {
    case "pick":
      if (state.phase !== "asking") return state;
      return {
        ...state,
        picked: action.answer,
        score: state.score + Number(QUESTIONS[state.step].right === action.answer),
        phase: "answered",
      };
    case "next":
      return state.step + 1 < QUESTIONS.length
        ? { ...state, step: state.step + 1, picked: null, phase: "asking" }
        : { ...state, phase: "over" };
    case "restart":
      return start;
  }
};

export default function QuizGame() {
  const [state, dispatch] = useReducer(reducer, start);
  const question = QUESTIONS[state.step];

  const letters = "ABCD";

  function look(index: number): string {
    if (state.picked === null) return "border-indigo-200 hover:bg-indigo-50";
    if (index === question.right) return "border-green-600 bg-green-50";
    return index === state.picked ? "border-red-600 bg-red-50" : "border-gray-200 opacity-60";
  }

  if (state.phase === "over") {
    const share = state.score / QUESTIONS.length;
    return (
      <div className="mx-auto max-w-xl rounded-2xl bg-indigo-950 p-10 text-center text-white">
        <h2 className="text-3xl font-bold">{share === 1 ? "Perfect!" : share > 0.5 ? "Well done" : "There's always tomorrow"}</h2>
        <p className="mt-4 text-indigo-200">
          You got {state.score} of {QUESTIONS.length}.
        </p>
        <button className="mt-8 rounded-full bg-white px-6 py-2 text-indigo-950" onClick={() => dispatch({ type: "restart" })}>
          Play again
        </button>
      </div>
    );
  }

  return (
    <div className="mx-auto max-w-xl rounded-2xl border-2 border-indigo-950 bg-white p-10">
      <div className="mb-6 h-1.5 rounded bg-indigo-100">
        <div className="h-full rounded bg-indigo-700" style={{ width: `${((state.step + 1) / QUESTIONS.length) * 100}%` }} />
      </div>
      <p className="text-sm text-indigo-700">
        Question {state.step + 1}/{QUESTIONS.length} &middot; {state.score} point{state.score !== 1 && "s"}
      </p>
      <h2 className="mt-2 text-2xl font-bold text-indigo-950">{question.text}</h2>
      <div className="mt-6 grid gap-3">
        {question.answers.map((answer, i) => (
          <button key={answer} onClick={() => dispatch({ type: "pick", answer: i })} className={`flex gap-4 rounded-lg border-2 p-4 text-left ${look(i)}`}>
            <b>{letters[i]}</b>
            {answer}
          </button>
        ))}
      </div>
      {state.phase === "answered" && (
        <button onClick={() => dispatch({ type: "next" })} className="mt-6 w-full rounded-lg bg-indigo-950 py-3 text-white">
          {state.step + 1 === QUESTIONS.length ? "See the result" : "Next question"} &rarr;
        </button>
      )}
    </div>
  );
}
