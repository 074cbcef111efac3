import { useState } from "react"

/*
 * A newsletter form with three states:
 *   1. waiting for an address,
 *   2. "sending" (we fake a request),
 *   3. done.
 */
const NewsletterSignup = () => {
  const [email, setEmail] = useState("")
  const [status, setStatus] = useState<"idle" | "sending" | "done">("idle")
  const valid = /^\S+@\S+\.\S+$/.test(email)

  return status === "done" ? (
    <section className="bg-emerald-900 px-6 py-20 text-center text-emerald-50">
      <p className="text-5xl">🌱</p>
      <h2 className="mt-4 text-3xl font-bold">You're in!</h2>
      <p className="mt-2">The first letter goes to {email} next Friday.</p>
    </section>
  ) : (
    <section className="bg-emerald-900 px-6 py-20 text-emerald-50">
      <div className="mx-auto max-w-2xl text-center">
        <h2 className="text-3xl font-bold">Letters from the greenhouse</h2>
        <p className="mt-4 text-emerald-200">
          One email a month about plants that {"don't"} die. No tracking, no "limited offers", no exclamation marks!
        </p>
        <form
          className="mx-auto mt-8 flex max-w-md flex-col gap-3 sm:flex-row"
          onSubmit={async (event) => {
            event.preventDefault()
            if (!valid) return
            setStatus("sending")
            await new Promise((r) => setTimeout(r, 600))
            setStatus("done")
          }}
        >
          <label htmlFor="newsletter-email" className="sr-only">
            Email address
          </label>
          <input
            id="newsletter-email"
            type="email"
            autoComplete="email"
            placeholder="you@garden.example"
            value={email}
            onChange={({ target }) => setEmail(target.value)}
            className="flex-1 rounded-lg border-0 bg-emerald-800 px-4 py-3 placeholder:text-emerald-400 focus:ring-2 focus:ring-emerald-300"
          />
          <button
            type="submit"
            disabled={!valid || status === "sending"}
            className={`
              rounded-lg px-6 py-3 font-semibold transition
              ${valid ? "bg-emerald-300 text-emerald-950 hover:bg-emerald-200" : "cursor-not-allowed bg-emerald-700 text-emerald-400"}
            `}
          >
            {status === "sending" ? "One moment…" : "Subscribe"}
          </button>
        </form>
        <small className="mt-4 block text-emerald-400">
          2,418 readers &middot; unsubscribe with one click &middot; <a href="#archive" className="underline">read the archive</a>
        </small>
      </div>
    </section>
  )
}

export default NewsletterSignup
