interface Ingredient {
  amount?: number;
  unit?: "g" | "ml" | "tsp" | "tbsp";
  item: string;
  note?: string;
}

enum Difficulty {
  Easy = "easy",
  Medium = "medium",
  Hard = "hard",
}

const recipe = {
  title: "Lentil soup with burnt lemon",
  difficulty: Difficulty.Easy,
  minutes: 45,
  serves: 4,
  ingredients: [
    { amount: 300, unit: "g", item: "brown lentils", note: "rinsed" },
    { amount: 1, item: "lemon", note: "halved, for burning" },
    { amount: 2, unit: "tbsp", item: "olive oil" },
    { amount: 1, unit: "tsp", item: "cumin seeds" },
    { item: "salt" },
  ] satisfies Ingredient[] as Ingredient[],
  steps: [
    "Put the lemon halves face down in a dry pan and leave them alone until they're black.",
    "Fry the cumin in the oil until it smells like a market.",
    "Add lentils and 1.2 litres of water; simmer for half an hour.",
    "Squeeze in the lemon. Taste. Salt. Taste again.",
  ],
};

const difficultyColor: { [level in Difficulty]: string } = {
  [Difficulty.Easy]: "text-green-700",
  [Difficulty.Medium]: "text-amber-700",
  [Difficulty.Hard]: "text-red-700",
};

const line = ({ amount, unit, item, note }: Ingredient) =>
  `${amount ? `${amount}${unit ? ` ${unit}` : ""} ` : ""}${item}${note ? ` (${note})` : ""}`;

export default function RecipePage() {
  const { title, difficulty, minutes, serves, ingredients, steps } = recipe;
  const hours = Math.floor(minutes / 60);

  return (
    <article className="mx-auto max-w-3xl px-6 py-12 font-serif text-stone-800">
      <header className="border-b-4 border-double border-stone-300 pb-6">
        <h1 className="text-4xl">{title}</h1>
        <p className="mt-3 flex gap-4 text-sm">
          <span className={difficultyColor[difficulty]}>{difficulty}</span>
          <span>&bull;</span>
          <span>{hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`}</span>
          <span>&bull;</span>
          <span>Serves {serves}</span>
        </p>
      </header>
      <div className="mt-8 grid gap-10 md:grid-cols-[1fr_2fr]">
        <aside>
          <h2 className="text-xl italic">You need</h2>
          <ul className="mt-4 space-y-1">
            {ingredients.map((ingredient) => (
              <li key={ingredient.item}>{line(ingredient)}</li>
            ))}
          </ul>
        </aside>
        <ol className="space-y-6">
          {steps.map((step, i) => (
            <li key={i} className="grid grid-cols-[3rem_1fr]">
              <span className="text-3xl text-amber-700">{i + 1}</span>
              <p>{step}</p>
            </li>
          ))}
        </ol>
      </div>
      <p className="mt-12 text-center text-sm text-stone-500">
        Tip: soup is better on the second day &mdash; if it lives that long. It &lt;3&gt; bread.
      </p>
    </article>
  );
}
