import React from "react";

const people = [
  { name: "Ines Duarte", role: "CTO, Fjord", stars: 5, quote: "We moved forty services in an afternoon. Nobody noticed, which was the point." },
  { name: "Tomasz Zielinski", role: "Indie developer", stars: 5, quote: "I stopped thinking about servers. I now think about soup." },
  { name: "Akiko Mori", role: "Designer, Paper&Co", stars: 4, quote: "The preview links changed how we review work." },
];

export default function Testimonials() {
  return (
    <section className="bg-amber-50 px-6 py-20">
      <h2 className="text-center text-3xl font-extrabold text-amber-950">Loved by people with better things to do</h2>
      <div className="mx-auto mt-12 grid max-w-6xl gap-6 lg:grid-cols-3">
        {people.map((person) => (
          <Quote key={person.name} {...person} />
        ))}
      </div>
    </section>
  );
}

function Quote({ name, role, stars, quote }: { name: string; role: string; stars: number; quote: string }) {
  return (
    <figure className="flex h-full flex-col justify-between rounded-3xl bg-white p-8 shadow">
      <Stars count={stars} />
      <blockquote className="mt-4 text-lg leading-relaxed text-stone-700">&ldquo;{quote}&rdquo;</blockquote>
      <figcaption className="mt-6 flex items-center gap-4">
        <Avatar name={name} />
        <div>
          <div className="font-semibold text-stone-900">{name}</div>
          <div className="text-sm text-stone-500">{role}</div>
        </div>
      </figcaption>
    </figure>
  );
}

const Stars = ({ count }: { count: number }) => (
  <div className="flex gap-1" role="img" aria-label={`${count} out of 5 stars`}>
    {Array.from({ length: 5 }, (_, i) => (
      <span key={i} className={i < count ? "text-amber-500" : "text-stone-300"}>
        ★
      </span>
    ))}
  </div>
);

// Initials, because we promised not to load images.
function Avatar({ name }: { name: string }) {
  const initials = name
    .split(" ")
    .map((part) => part[0])
    .join("");
  return <div className="grid h-12 w-12 place-items-center rounded-full bg-amber-200 font-bold text-amber-900">{initials}</div>;
}
