import { useState } from "react";
import { motion, AnimatePresence } from "framer-motion";

type StepProps = { value: Answers; change: (part: Partial<Answers>) => void };

interface Answers {
  name: string;
  size: "S" | "M" | "L";
  gift: boolean;
}

const steps = [
  { id: "name", title: "Who is it for?", Body: NameStep },
  { id: "size", title: "Which size?", Body: SizeStep },
  { id: "done", title: "All set", Body: Summary },
];

export default function StepWizard() {
  const [current, setCurrent] = useState(0);
  const [answers, setAnswers] = useState<Answers>({ name: "", size: "M", gift: false });

  const { title, Body, id } = steps[current];
  const change = (part: Partial<Answers>) => setAnswers({ ...answers, ...part });
  const blocked = id === "name" && answers.name.length < 2;

  return (
    <div className="mx-auto max-w-lg p-8">
      <ol className="mb-8 flex items-center">
        {steps.map((step, index) => (
          <li key={step.id} className={`flex items-center ${index > 0 ? "flex-1" : ""}`}>
            {index > 0 && <div className={`h-0.5 flex-1 ${index <= current ? "bg-purple-600" : "bg-gray-200"}`} />}
            <div
              className={
                index < current
                  ? "flex h-8 w-8 items-center justify-center rounded-full bg-purple-600 text-white"
                  : index === current
                    ? "flex h-8 w-8 items-center justify-center rounded-full border-2 border-purple-600 text-purple-600"
                    : "flex h-8 w-8 items-center justify-center rounded-full border-2 border-gray-200 text-gray-400"
              }
            >
              {index < current ? "✓" : index + 1}
            </div>
          </li>
        ))}
      </ol>
      <AnimatePresence mode="wait">
        <motion.div key={id} initial={{ opacity: 0, x: 40 }} animate={{ opacity: 1, x: 0 }} exit={{ opacity: 0, x: -40 }} className="min-h-[180px]">
          <h2 className="mb-4 text-xl font-bold">{title}</h2>
          <Body value={answers} change={change} />
        </motion.div>
      </AnimatePresence>
      <div className="mt-8 flex justify-between">
        <button disabled={current === 0} onClick={() => setCurrent(current - 1)} className="px-4 py-2 disabled:invisible">
          Back
        </button>
        {current < steps.length - 1 ? (
          <button disabled={blocked} onClick={() => setCurrent(current + 1)} className="rounded-md bg-purple-600 px-4 py-2 text-white disabled:opacity-50">
            Continue
          </button>
        ) : null}
      </div>
    </div>
  );
}

function NameStep({ value, change }: StepProps) {
  return <input autoFocus className="w-full rounded border px-3 py-2" placeholder="Name" value={value.name} onChange={(e) => change({ name: e.target.value })} />;
}

function SizeStep({ value, change }: StepProps) {
  return (
    <div className="flex gap-4">
      {(["S", "M", "L"] as const).map((size) => (
        <label key={size} className="flex-1 cursor-pointer rounded border p-4 text-center">
          <input type="radio" className="mr-2" checked={value.size === size} onChange={() => change({ size })} />
          {size}
        </label>
      ))}
    </div>
  );
}

function Summary({ value }: StepProps) {
  return (
    <p>
      One jumper in <b>{value.size}</b> for <b>{value.name || "a secret friend"}</b>
      {value.gift ? ", wrapped" : ""}.
    </p>
  );
}
