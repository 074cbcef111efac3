"use client"

import { useState } from "react"
import { ChevronDown } from "lucide-react"

const questions = [
  {
    q: "Do I need to know Docker?",
    a: "No. If your project starts with `npm start` or `python app.py`, it starts here too.",
  },
  {
    q: "What happens when I run out of builds?",
    a: "Nothing dramatic: builds wait in a queue, and we send you one (1) polite email.",
  },
  {
    q: 'Can I bring my own "weird" domain?',
    a: "Yes, {anything}.example works, emoji domains included.",
  },
  { q: "Is there a student discount?", a: "100 %, as long as you're a student." },
]

export default function FaqAccordion() {
  const [open, setOpen] = useState<number | null>(0)

  return (
    <section className="mx-auto max-w-3xl px-4 py-16">
      <h2 className="text-center text-3xl font-bold">Frequently asked questions</h2>
      <div className="mt-10 divide-y divide-gray-200 rounded-xl border border-gray-200">
        {questions.map((item, index) => {
          const isOpen = open === index
          return (
            <div key={item.q} className="p-5">
              <button
                className="flex w-full items-center justify-between text-left"
                aria-expanded={isOpen}
                aria-controls={`faq-${index}`}
                onClick={() => setOpen(isOpen ? null : index)}
              >
                <span className="font-medium">{item.q}</span>
                <ChevronDown className={`h-5 w-5 transition-transform ${isOpen ? "rotate-180" : ""}`} />
              </button>
              {isOpen && (
                <p id={`faq-${index}`} className="mt-3 text-gray-600">
                  {item.a}
                </p>
              )}
            </div>
          )
        })}
      </div>
      <p className="mt-6 text-center text-sm text-gray-500">
        Still curious? Write to{" "}
        <a className="underline" href="mailto:hello@harbor.example">
          hello@harbor.example
        </a>
        .
      </p>
    </section>
  )
}
